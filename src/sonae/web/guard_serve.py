"""The guard's service as a process: `python -m sonae.web.guard_serve STORE POLICY ...`.

SIGTERM lets what is under way finish, writes down what the next start needs, and ends.
"""

from __future__ import annotations

import argparse
import ipaddress
import socket
import sys
from datetime import timedelta
from pathlib import Path

import uvicorn

from sonae.actions.guard.policy import load_policy
from sonae.actions.guard.service import Guard
from sonae.core.errors import InputError, SonaeError, UsageError
from sonae.web.guard import MINUTE, guard_app

AT_ONCE = 1_000
"""Connections at a time; more are told to come back (503)."""
SWITCH = timedelta(microseconds=500)
"""How long one thread may keep the others from running: the record's must not wait for a batch."""
LAST_WORDS = 30
"""Seconds that requests under way have to finish when the service is stopped."""


def serve(
    place: str, policy: Path, host: str, port: int, token_file: Path | None, every: int
) -> None:
    """Serve until a signal ends it; says where it listens on standard output.

    Raises:
        UsageError: it is to listen to other machines without a shared secret.
    """
    token = b"" if token_file is None else token_file.read_bytes().strip()
    if token_file is not None and len(token) < 16:
        raise UsageError(f"{token_file}: a shared secret has at least 16 characters")
    if not token and not _here(host):
        raise UsageError(f"{host} is reached by other machines: give --token-file")
    sys.setswitchinterval(SWITCH.total_seconds())
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named: no delay
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(AT_ONCE)
    guard = Guard(place, load_policy(policy))
    app = guard_app(guard, every, token, close=True)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            limit_concurrency=AT_ONCE,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=LAST_WORDS,
            h11_max_incomplete_event_size=16_384,
        )
    )
    address = listener.getsockname()
    sys.stdout.write(f"http://{address[0]}:{address[1]}\n")
    sys.stdout.flush()
    server.run(sockets=[listener])


def _here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def main() -> None:
    """Read the arguments and serve; errors are one line each, exit code 2, or 3 where refused."""
    parser = argparse.ArgumentParser(prog="sonae guard serve")
    parser.add_argument("store")
    parser.add_argument("policy", type=Path)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8480)
    parser.add_argument("--token-file", type=Path)
    parser.add_argument("--every", type=int, default=MINUTE)
    said = parser.parse_args()
    try:
        serve(said.store, said.policy, said.host, said.port, said.token_file, said.every)
    except InputError as error:
        for problem in error.problems:
            sys.stderr.write(f"{problem.place()}: {problem.message.en}\n")
        sys.exit(3)
    except (SonaeError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
