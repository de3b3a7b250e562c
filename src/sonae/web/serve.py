"""The console as a process: `python -m sonae.web.serve HOME ...`.

SIGTERM lets what is under way finish, and ends.
"""

from __future__ import annotations

import argparse
import socket
import sys
from pathlib import Path

import uvicorn

from sonae.actions.console.home import Home
from sonae.actions.console.passkeys import Passkeys
from sonae.actions.console.people import People
from sonae.core.errors import SonaeError, UsageError
from sonae.store.console import ConsoleStore
from sonae.web.console import console_app, shielded
from sonae.web.shield import is_loopback

AT_ONCE = 1_024
"""Connections that may wait to be taken up."""
LAST_WORDS = 20
"""Seconds that requests under way have to finish when the console is stopped."""


def serve(
    home: Path, host: str, port: int, *, demo: bool, store: str | None, origin: str | None
) -> None:
    """Serve until a signal ends it; says where it listens on standard output.

    Where nobody has signed in ever, the next line is the one-time code of the first person.

    Raises:
        UsageError: the folder is not there, a demo is to be open to other machines, or people are
            to sign in at an address where browsers allow no passkeys.
    """
    if not home.is_dir():
        raise UsageError(f"{home} is no folder; make it, or look at the demo with --demo")
    if demo and not is_loopback(host):
        raise UsageError("a demo lets everyone look; it is served to this machine only")
    if not demo and origin is None and not is_loopback(host):
        raise UsageError("other machines need --origin https://NAME, as their browsers see it")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(AT_ONCE)
    address = listener.getsockname()
    people, code = None, None
    if not demo:
        there = Passkeys(origin or f"http://localhost:{address[1]}")
        people = People(ConsoleStore(store or str(home / "console.db")), there)
        code = people.first_code()
    app = console_app(Home(home), demo=demo, people=people)
    config = uvicorn.Config(
        shielded(app, None if demo else _log),
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=origin is not None,
        timeout_graceful_shutdown=LAST_WORDS,
    )
    sys.stdout.write(f"http://{address[0]}:{address[1]}\n")
    if people is not None and code is not None:
        sys.stdout.write(f"{people.passkeys.origin}/join  {code}\n")
    sys.stdout.flush()
    uvicorn.Server(config).run(sockets=[listener])


def _log(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def main() -> None:
    """Read the arguments and serve; errors are one line each, exit code 2."""
    parser = argparse.ArgumentParser(prog="sonae serve")
    parser.add_argument("home", type=Path)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8470)
    parser.add_argument("--demo", action="store_true")
    parser.add_argument("--store")
    parser.add_argument("--origin")
    said = parser.parse_args()
    try:
        serve(
            said.home, said.host, said.port,
            demo=said.demo, store=said.store, origin=said.origin,
        )  # fmt: skip
    except (SonaeError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
