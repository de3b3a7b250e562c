"""Writing results: a folder whole or not at all, files that outlast a crash."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

Content = bytes | Path | Iterable[bytes]
"""What a file is made of: bytes, parts of it, or a file that is there already."""


def json_bytes(value: object) -> bytes:
    """Indented JSON with a fixed key order, ending in a newline."""
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=False) + "\n").encode()


def replace_folder(folder: Path, files: Mapping[str, Content], secret: str | None = None) -> None:
    """Put a folder with these files in place of what was there; on failure nothing changes.

    A large file is given in parts, which are written as they come, or as a path of the same disk,
    which must be on it already: the file gets its name here too, and is not copied. A name may have
    folders in it; what is in the folder `secret` is for its owner's eyes only.

    What an earlier run that was killed left beside it is put right first.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    _recover(folder)
    fresh, former = (folder.with_name(f".{folder.name}.{n}") for n in ("new", "former"))
    try:
        fresh.mkdir()
        for name, content in files.items():
            hidden = _folders(fresh, name, secret)
            if isinstance(content, Path):
                _also_named(content, fresh / name)
            else:
                _write_durably(fresh / name, content, 0o600 if hidden else 0o666)
        if folder.exists():
            folder.rename(former)
        fresh.rename(folder)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        if former.exists() and not folder.exists():
            os.replace(former, folder)
        raise
    shutil.rmtree(former, ignore_errors=True)


def _also_named(content: Path, name: Path) -> None:
    """Give a finished file another name; a copy where the disk knows no second names."""
    try:
        os.link(content, name)
    except OSError:
        shutil.copyfile(content, name)
        os.chmod(name, content.stat().st_mode & 0o777)
        sync(name)


def sync(path: Path) -> None:
    """Put a file on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _folders(fresh: Path, name: str, secret: str | None) -> bool:
    """Make the folders of a name; True where one of them is the secret one."""
    hidden = False
    for part in Path(name).parts[:-1]:
        fresh, hidden = fresh / part, hidden or part == secret
        fresh.mkdir(mode=0o700 if hidden else 0o777, exist_ok=True)
    return hidden


def _recover(folder: Path) -> None:
    """Finish or undo a replacement that was killed midway."""
    fresh, former = (folder.with_name(f".{folder.name}.{n}") for n in ("new", "former"))
    if former.exists() and not folder.exists():
        former.rename(folder)
    for left in (fresh, former):
        if left.exists():
            shutil.rmtree(left)


def _write_durably(path: Path, content: bytes | Iterable[bytes], mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as stream:
        stream.writelines([content] if isinstance(content, bytes) else content)
        stream.flush()
        os.fsync(stream.fileno())


def replace_file(path: Path, content: bytes | Iterable[bytes], mode: int = 0o600) -> None:
    """Put a file in place of what was there, whole or not at all; for its owner's eyes only."""
    fresh = path.with_name(f".{path.name}.new")
    _write_durably(fresh, content, mode)
    os.replace(fresh, path)


def locked(path: Path) -> int:
    """An open file that is locked for this run, until it is closed.

    Raises:
        BlockingIOError: another run has it, or has taken it away meanwhile.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not path.exists() or not os.path.samestat(os.fstat(handle), path.stat()):
            raise BlockingIOError(f"{path} was taken away")
    except OSError:
        os.close(handle)
        raise
    return handle


def take_away(folder: Path, lock: str) -> None:
    """Remove a folder in which this run holds a lock; what another one begins there stays."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != lock:
            path.unlink()
    (folder / lock).unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Nobody else adds to the file meanwhile, who asks in the same way."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
