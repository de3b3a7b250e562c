"""The files of a log, and reading entries back from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonae.seal.tiles import LONGEST, read_entries, tile_path, tiles
from sonae.seal.tlog import EMPTY, Head, LogError, head, leaf_hash, root
from tests.seal.keys import flipped


def days(count: int) -> list[bytes]:
    return [b"day %d" % day for day in range(count)]


def test_a_path_is_that_of_the_specification() -> None:
    assert tile_path(0, 0) == "tile/0/000"
    assert tile_path(63, 999, 255) == "tile/63/999.p/255"
    assert tile_path("entries", 1000, 1) == "tile/entries/x001/000.p/1"
    assert tile_path(1, 1_234_067) == "tile/1/x001/x234/067"


@pytest.mark.parametrize(
    ("size", "paths"),
    [
        (0, []),
        (1, ["tile/0/000.p/1", "tile/entries/000.p/1"]),
        (255, ["tile/0/000.p/255", "tile/entries/000.p/255"]),
        (256, ["tile/0/000", "tile/1/000.p/1", "tile/entries/000"]),
        (
            257,
            [
                *("tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1"),
                *("tile/entries/000", "tile/entries/001.p/1"),
            ],
        ),
    ],
)
def test_a_log_has_the_files_of_its_size(size: int, paths: list[str]) -> None:
    files = tiles(days(size))
    assert sorted(files) == paths
    assert read_entries(files, head(days(size))) == days(size)


def test_a_bundle_is_lengths_and_entries_and_a_tile_is_hashes() -> None:
    files = tiles([b"", b"ab"])
    assert files["tile/entries/000.p/2"] == b"\0\0\0\2ab"
    assert files["tile/0/000.p/2"] == leaf_hash(b"") + leaf_hash(b"ab")


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 70_000])
def test_a_log_of_centuries_has_three_levels(size: int) -> None:
    files = tiles(days(size))
    levels = {level: [p for p in files if p.startswith(f"tile/{level}/")] for level in range(4)}
    full, rest = divmod(size, 256)
    assert len(levels[0]) == full + bool(rest)
    assert levels[3] == []
    assert levels[2] == (["tile/2/000.p/1"] if size >= 65_536 else [])
    if size == 70_000:  # the example of the specification
        assert levels[0][-1] == "tile/0/273.p/112"
        assert levels[1] == ["tile/1/000", "tile/1/001.p/17"]
    if size == 65_536:
        hashes = [leaf_hash(day) for day in days(size)]
        assert files["tile/2/000.p/1"] == root(hashes)
    assert read_entries(files, head(days(size))) == days(size)


def test_a_longer_log_only_adds_files_and_replaces_none() -> None:
    files: dict[str, bytes] = {}
    for size in range(0, 600, 7):
        fresh = tiles(days(size))
        assert all(files.get(path, content) == content for path, content in fresh.items())
        files |= fresh
    for size in range(0, 600, 7):
        assert read_entries(files, head(days(size))) == days(size)


def test_every_changed_byte_names_its_file() -> None:
    files, log = tiles(days(258)), head(days(258))
    for path, content in files.items():
        for bad in [*flipped(content, 97), content + b"\0", content[:-1], b""]:
            with pytest.raises(LogError, match=f"^{path} "):
                read_entries({**files, path: bad}, log)


def test_a_missing_file_is_named() -> None:
    files, log = tiles(days(257)), head(days(257))
    for path in files:
        with pytest.raises(LogError, match=f"{path} is missing"):
            read_entries({p: c for p, c in files.items() if p != path}, log)


def test_a_whole_other_log_is_refused() -> None:
    for other in ([b"x", *days(9)[1:]], days(9)[::-1]):
        with pytest.raises(LogError, match="another root"):
            read_entries(tiles(other), head(days(9)))
    with pytest.raises(LogError, match="another root"):
        read_entries({}, Head(0, bytes(32)))
    assert read_entries({}, Head(0, EMPTY)) == []


def test_entries_are_read_from_a_folder(tmp_path: Path) -> None:
    for path, content in tiles(days(300)).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    log = head(days(300))
    assert read_entries(lambda path: (tmp_path / path).read_bytes(), log) == days(300)
    (tmp_path / "tile/1/000.p/1").unlink()
    with pytest.raises(LogError, match=r"tile/1/000\.p/1 is missing"):
        read_entries(lambda path: (tmp_path / path).read_bytes(), log)


def test_an_entry_longer_than_its_length_can_say_is_refused() -> None:
    longest = [b"x" * LONGEST]
    assert read_entries(tiles(longest), head(longest)) == longest
    with pytest.raises(LogError, match="65536 bytes"):
        tiles([b"x" * (LONGEST + 1)])
