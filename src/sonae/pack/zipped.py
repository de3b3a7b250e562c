"""One ZIP, always the same for the same files: fixed time, fixed rights, the order given.

It is made as a stream, so that what is encrypted never lies on a disk as one file, and it is read
only where every name is one that the maker could have written.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from sonae.core.errors import Refused

BLOCK = 1 << 20
TIME = (1980, 1, 1, 0, 0, 0)
PACKED = (".parquet", ".xlsx")
"""Already small: stored as they are."""


class _Sink:
    """Takes what a ZIP writes and hands it on; it cannot be gone back in."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, content: bytes) -> int:
        self._parts.append(bytes(content))
        return len(content)

    def flush(self) -> None:
        """Nothing is held back."""

    def taken(self) -> bytes:
        """What came since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


def zip_stream(folder: Path, names: Sequence[str]) -> Iterator[bytes]:
    """The bytes of a ZIP of these files of a folder."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as target:  # type: ignore[call-overload]
        for name in names:
            info = zipfile.ZipInfo(name, TIME)
            info.create_system, info.external_attr = 3, 0o100600 << 16
            packed = name.endswith(PACKED)
            info.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
            info._compresslevel = 1  # type: ignore[attr-defined]  # level of this entry alone
            source = folder / name
            large = source.stat().st_size > 1 << 31
            with source.open("rb") as stream, target.open(info, "w", force_zip64=large) as entry:
                while block := stream.read(BLOCK):
                    entry.write(block)
                    yield sink.taken()
    yield sink.taken()


class Pull:
    """A file to be read from an iterator of bytes."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts, self._left = parts, b""

    def read(self, size: int = -1) -> bytes:
        """At most so many bytes; empty at the end."""
        while not self._left:
            part = next(self._parts, None)
            if part is None:
                return b""
            self._left = part
        if size < 0:
            size = len(self._left)
        taken, self._left = self._left[:size], self._left[size:]
        return taken


def unzip(source: Path, folder: Path) -> dict[str, str]:
    """Write every file of a ZIP below a folder; SHA-256 by name.

    Raises:
        Refused: not a ZIP, a damaged entry, or a name that leads out of the folder.
    """
    digests: dict[str, str] = {}
    try:
        with zipfile.ZipFile(source) as archive:
            for info in archive.infolist():
                _usable(info, digests)
                path = folder / info.filename
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                with archive.open(info) as stream, path.open("xb") as out:
                    digests[info.filename] = copied(stream, out)
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise Refused(f"the ZIP inside does not hold: {error}") from error
    return digests


def copied(source: BinaryIO | object, out: BinaryIO) -> str:
    """Copy a stream; the SHA-256 of what it was."""
    digest = hashlib.sha256()
    while block := source.read(BLOCK):  # type: ignore[union-attr]
        digest.update(block)
        out.write(block)
    return digest.hexdigest()


def _usable(info: zipfile.ZipInfo, seen: dict[str, str]) -> None:
    path = PurePosixPath(info.filename)
    odd = path.is_absolute() or ".." in path.parts or "\\" in info.filename or info.is_dir()
    if odd or str(path) != info.filename or ":" in info.filename:
        raise Refused(f"a name inside is none that we write: {info.filename!r}")
    if info.filename in seen:
        raise Refused(f"{info.filename} stands twice inside")
