"""Real nodes on this machine for the demo and the tests: Anvil (Ethereum) and bcoin (Bitcoin).

Both come from npm into a cache folder, by the lock file beside their start script. They listen on
the loopback only, know nobody, and stop with whoever started them.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import select
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

from sonae.actions.chains.node_client import HttpNode
from sonae.chains.node import NodeError
from sonae.core.errors import UsageError
from sonae.core.text import Text

CACHE = "SONAE_NODES"
"""A folder for the installed nodes, instead of the user's cache."""
ANVIL_CHAIN = 31337
NO_NPM = Text(
    "npm（Node.js 20以上）がないため、実物のノードを使うデモは飛ばした。"
    "npmを入れてから、もう一度実行する",
    "skipped: npm (Node.js 20 or later) is missing, and this demo runs on real nodes; install it "
    "and run this again",
)
_FILES = ("package.json", "package-lock.json", "bitcoin.js")
_WAIT, _PAUSE = 30, 20
"""Seconds that a node may take to start; milliseconds between two questions."""


class NoNodes(UsageError):
    """There is no npm, or it could not install the nodes."""


def install() -> Path:
    """The folder with the nodes; made on first use.

    Raises:
        NoNodes: there is no npm, or it fails.
    """
    shipped = resources.files("sonae.data").joinpath("nodes")
    content = {name: shipped.joinpath(name).read_bytes() for name in _FILES}
    digest = hashlib.sha256(b"\0".join(content.values())).hexdigest()[:16]
    folder = _cache() / f"nodes-{digest}"
    if folder.is_dir():
        return folder
    npm = shutil.which("npm")
    if npm is None or missing_npm():
        raise NoNodes(NO_NPM.en)
    fresh = folder.with_name(f".{folder.name}.{os.getpid()}")
    fresh.mkdir(parents=True)
    try:
        for name, data in content.items():
            (fresh / name).write_bytes(data)
        words = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        words += ["--fetch-retries=1"]
        done = subprocess.run(words, cwd=fresh, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NoNodes(f"npm could not install the nodes: {done.stderr.strip()[:300]}")
        if not folder.is_dir():  # else another process was first
            fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return folder


def missing_npm() -> bool:
    """Whether this machine lacks npm or Node.js."""
    return shutil.which("npm") is None or shutil.which("node") is None


def _cache() -> Path:
    given = os.environ.get(CACHE)
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sonae"


@contextmanager
def anvil(*more: str) -> Iterator[tuple[HttpNode, str]]:
    """A fresh Ethereum chain, and its address; each slot is an epoch, so that two blocks finalise.

    The binary of the platform's own package is called: the script around it hides its exit.
    """
    names = sorted((install() / "node_modules" / "@foundry-rs").glob("anvil-*/bin/anvil*"))
    if not names:
        raise NoNodes(f"npm has no Anvil for this platform ({sys.platform})")
    port = _free_port()
    words = [str(names[0]), "--port", str(port), "--slots-in-an-epoch", "1", "--silent", *more]
    url = f"http://127.0.0.1:{port}"
    with _running(words, {}):
        node = HttpNode(url)
        _until(lambda: node.call("eth_chainId"))
        yield node, url


@contextmanager
def bitcoin(folder: Path) -> Iterator[tuple[HttpNode, str, str]]:
    """A regtest Bitcoin chain kept in `folder`; its address, and the variable with its password."""
    home, port, key = install(), _free_port(), secrets.token_hex(16)
    words = ["node", str(home / "bitcoin.js"), str(port), key, str(folder)]
    name = f"SONAE_REGTEST_{port}"
    with _running(words, {"NODE_BACKEND": "js"}):
        os.environ[name] = f"x:{key}"
        try:
            url = f"http://127.0.0.1:{port}/"
            node = HttpNode(url, name)
            _until(lambda: node.call("getbestblockhash"))
            yield node, url, name
        finally:
            os.environ.pop(name, None)


@contextmanager
def _running(words: list[str], extra: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **extra},
    )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until(ask: Any) -> None:
    """Wait until a node answers; at most half a minute."""
    end = time.monotonic() + _WAIT
    while True:
        try:
            ask()
            return
        except NodeError:
            if time.monotonic() > end:
                raise
            select.poll().poll(_PAUSE)
