"""The files of a transparency log, as C2SP tlog-tiles has them: a folder on any web server.

A tile holds up to 256 hashes, a bundle the entries below a tile of the lowest level. The files of a
longer log are added to those of a shorter one: a file that is there is never replaced, and a
partial one may go only when its full one has come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from sonae.core.text import Text
from sonae.seal.tlog import Head, LogError, head, leaf_hash, root

WIDTH = 256
"""Hashes in a full tile, and entries in a full bundle."""
LONGEST = 65_535
"""Bytes of the longest entry: its length is written in 16 bits."""


def tile_path(level: int | Literal["entries"], index: int, width: int = WIDTH) -> str:
    """The path of a tile or of a bundle of entries.

    >>> tile_path(0, 1234067), tile_path("entries", 273, 112)
    ('tile/0/x001/x234/067', 'tile/entries/273.p/112')
    """
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03}")
    return f"tile/{level}/{'/'.join(groups)}" + (f".p/{width}" if width < WIDTH else "")


def tiles(entries: Sequence[bytes]) -> dict[str, bytes]:
    """Every file of the log of these entries by its path; the checkpoint is not among them."""
    files, level = {}, 0
    for number, entry in enumerate(entries):
        if len(entry) > LONGEST:
            raise LogError(f"entry {number} has {len(entry)} bytes, more than {LONGEST}")
    for index in range(0, len(entries), WIDTH):
        part = entries[index : index + WIDTH]
        content = b"".join(len(entry).to_bytes(2, "big") + entry for entry in part)
        files[tile_path("entries", index // WIDTH, len(part))] = content
    hashes = [leaf_hash(entry) for entry in entries]
    while hashes:
        parts = [hashes[index : index + WIDTH] for index in range(0, len(hashes), WIDTH)]
        for index, part in enumerate(parts):
            files[tile_path(level, index, len(part))] = b"".join(part)
        hashes, level = [root(part) for part in parts if len(part) == WIDTH], level + 1
    return files


def read_entries(files: Mapping[str, bytes] | Callable[[str], bytes], log: Head) -> list[bytes]:
    """The entries of a log out of its files, all of them checked; a LogError names a wrong file.

    `files` is a mapping, or a function that raises KeyError or FileNotFoundError for no file.
    """
    fetch = files.__getitem__ if isinstance(files, Mapping) else files
    entries: list[bytes] = []
    for start in range(0, log.size, WIDTH):
        width = min(WIDTH, log.size - start)
        path = tile_path("entries", start // WIDTH, width)
        entries += _split(path, _fetch(fetch, path), width)
    right = head(entries) == log
    for path, content in tiles(entries).items():
        if _fetch(fetch, path) != content:
            wrong = path if right else path.replace("tile/0/", "tile/entries/")
            raise LogError(
                Text(
                    f"{wrong}が、ログのほかのファイルと合わない",
                    f"{wrong} does not fit the other files of the log",
                )
            )
    if not right:
        raise LogError(
            Text(
                f"ファイルは{log.size}件の別のログのもの：根が異なる",
                f"the files hold another log of {log.size} entries: another root",
            )
        )
    return entries


def _fetch(fetch: Callable[[str], bytes], path: str) -> bytes:
    try:
        return fetch(path)
    except (KeyError, FileNotFoundError) as error:
        raise LogError(Text(f"{path}がない", f"{path} is missing")) from error


def _split(path: str, content: bytes, width: int) -> list[bytes]:
    """The entries of one bundle."""
    found: list[bytes] = []
    at = 0
    while at < len(content):
        end = at + 2 + int.from_bytes(content[at : at + 2], "big")
        if end > len(content):
            raise LogError(
                Text(
                    f"{path}が{len(found)}番目の記録の途中で切れている",
                    f"{path} is cut off in its entry {len(found)}",
                )
            )
        found.append(content[at + 2 : end])
        at = end
    if len(found) != width:
        raise LogError(
            Text(
                f"{path}の記録は{len(found)}件で、{width}件でない",
                f"{path} has {len(found)} entries, not {width}",
            )
        )
    return found
