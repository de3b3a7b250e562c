"""Long work under a memory budget, in a folder where what is finished outlasts a kill."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sonae.actions.files import locked, take_away
from sonae.books.engine import Engine, open_engine
from sonae.books.engine.kept import Kept
from sonae.core.errors import InputError, UsageError
from sonae.core.text import Text

MEMORY = "2400MB"
"""What a command may take in all unless told otherwise."""
LEAST, ITSELF = 800, 300
"""Megabytes: the least of it, and what the program itself takes.

The engine has three quarters of the rest.
"""
_UNITS = {"MB": 1, "GB": 1000, "TB": 1_000_000}
LOCK = ".lock"


def megabytes(memory: str) -> int:
    """A budget as megabytes.

    Raises:
        UsageError: it is no number of MB or GB, or too little to work with.
    """
    found = re.fullmatch(r"([0-9]{1,9}) ?([MGT]B)", memory.strip().upper())
    if found is None:
        raise UsageError(_FORM.format(memory=memory))
    number = int(found[1]) * _UNITS[found[2]]
    if number < LEAST:
        raise UsageError(_LEAST.format(memory=memory, least=f"{LEAST}MB"))
    return number


@dataclass(frozen=True)
class Work:
    """How much memory a command may take, where its work is kept, and on how many threads it runs.

    Without a folder nothing is kept. A folder that somebody named outlasts a failure too; else it
    is only a kill that leaves one behind.
    """

    memory: str = MEMORY
    folder: Path | None = None
    threads: int | None = None
    named: bool = False

    @classmethod
    def of(cls, memory: str | None, named: Path | None, out: Path | None) -> Work:
        """What was asked for; where no folder is named, one beside the output."""
        return cls(
            MEMORY if memory is None else memory, named or beside(out), named=named is not None
        )

    @property
    def rest(self) -> int:
        """Bytes for what runs beside the engine, such as a seal."""
        return (megabytes(self.memory) - ITSELF) * 1_000_000 // 4

    @contextmanager
    def running(self, name: str = "duckdb") -> Iterator[Engine]:
        """An engine while this work is done.

        What is kept is removed once there is an answer: a result, or that the input is refused.
        """
        memory = f"{(megabytes(self.memory) - ITSELF) * 3 // 4}MB"
        if self.folder is None:
            engine = open_engine(name, memory, self.threads)
            try:
                yield engine
            finally:
                engine.close()
            return
        with self.held(self.folder) as folder:
            kept = Kept(open_engine(name, memory, self.threads, folder), folder)
            try:
                yield kept
            finally:
                kept.close()

    @contextmanager
    def held(self, folder: Path) -> Iterator[Path]:
        """A work folder for this run alone, removed once there is an answer."""
        with _alone(folder):
            answered = not self.named
            try:
                yield folder
                answered = True
            except InputError:
                answered = True
                raise
            finally:
                if answered:
                    take_away(folder, LOCK)


def beside(out: Path | None) -> Path | None:
    """The work folder of an output, where none is named."""
    return None if out is None else out.resolve().with_name(f".{out.resolve().name}.work")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """The work folder, for its owner and this run alone; what an engine left there is removed.

    Raises:
        UsageError: it holds other files, or another run is at work in it.
    """
    fresh = not folder.exists() or not any(folder.iterdir())
    if not fresh and not (folder / LOCK).is_file():
        raise UsageError(_OTHER.format(folder=folder))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    try:
        lock = locked(folder / LOCK)
    except BlockingIOError as error:
        raise UsageError(_BUSY.format(folder=folder)) from error
    try:
        for left in folder.glob("sonae-*"):
            shutil.rmtree(left)
        yield
    finally:
        os.close(lock)


_FORM = Text(
    "{memory}はメモリーの量でない。800MB や 4GB のように書く",
    "{memory} is no amount of memory; write 800MB or 4GB",
)
_LEAST = Text(
    "メモリー{memory}は少なすぎる。{least}以上にする", "{memory} is too little; give {least}"
)
_OTHER = Text(
    "{folder}にはほかのファイルがある。作業用には空のフォルダーを渡す",
    "{folder} holds other files; give a new or empty folder for the work",
)
_BUSY = Text(
    "{folder}ではほかの処理が動いている。終わるのを待つ",
    "another run is at work in {folder}; wait until it ends",
)
