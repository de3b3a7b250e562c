"""Receipts from a tree as it is kept: the paths of the whole tree, by reading little of it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from sonae.actions.seal.folder import Folder, levels_of
from sonae.seal import tree
from sonae.seal.encoding import ROW, account_digest
from sonae.seal.header import Header, Sealed, SealError
from sonae.seal.receipt import climbed, prove
from sonae.seal.stored import SPREAD, Stored, in_memory, place, reader
from sonae.seal.verifier import verify

KEY = bytes(range(32))
COUNTS = [1, 2, 3, 255, 256, 257, 511, 513, 1500]


def claims(count: int) -> list[tuple[bytes, int]]:
    return [(account_digest(f"A{n}"), 3 * n + 1) for n in range(count)]


def header(made: tree.Tree) -> Header:
    sealed = Sealed(5, made.height, made.leaves, made.total, made.root)
    return Header(1, 2, bytes(32), bytes(32), bytes(32), bytes(32), 1, (sealed,))


@pytest.mark.parametrize("count", COUNTS)
def test_every_leaf_is_found_and_its_path_is_that_of_the_whole_tree(count: int) -> None:
    made = tree.leaves(claims(count), KEY, 5, 1)
    rows = tree.rows_of(made, 5)
    whole, kept = tree.build(rows), in_memory(b"".join(rows))
    draw = random.Random(count)
    for index in {0, count - 1, *(draw.randrange(count) for _ in range(20))}:
        assert kept.find(made[index][0], rows[index]) == index
        assert kept.path(index) == whole.path(index)
        assert climbed(rows[index], index, kept.path(index)) == (whole.root, whole.total)
    assert kept.find(made[0][0], bytes(48)) is None
    with pytest.raises(IndexError):
        kept.path(count)


def test_little_is_read_for_a_receipt() -> None:
    """A window around the place that the salt says, one tile, and a row of each level above."""
    count = 20_000
    made = tree.leaves(claims(count), KEY, 5, 1)
    rows = tree.rows_of(made, 5)
    content = b"".join(rows)
    above = b"".join(row for level in tree.build(rows).levels[8:] for row in level)
    read = 0

    def counted(first: int, many: int) -> bytes:
        nonlocal read
        read += many
        return reader(content)(first, many)

    kept = Stored(count, counted, reader(above))
    for index in range(0, count, 97):
        read = 0
        assert kept.find(made[index][0], rows[index]) == index
        kept.path(index)
        assert read <= 256 + SPREAD * 256


def test_a_leaf_far_from_where_its_salt_says_is_still_found() -> None:
    rows = [bytes([n % 251]) * ROW for n in range(5000)]
    rows[4990] = b"\xff" * ROW
    kept = Stored(5000, reader(b"".join(rows)), reader(b""))
    assert kept.find(bytes(32), b"\xff" * ROW) == 4990
    assert place(b"".join(rows), bytes([7]) * 20 + bytes([8]) * 28) is None


def test_leaves_of_another_seal_make_no_receipt() -> None:
    made = tree.rows_of(tree.leaves(claims(300), KEY, 5, 1), 5)
    sealed = header(tree.build(made))
    receipt = prove(sealed, KEY, "A7", {5: 22}, lambda _: b"".join(made))
    assert verify(receipt) == {5: 22}
    made[0], made[1] = made[1], made[0]
    with pytest.raises(SealError, match="not those of the header"):
        prove(sealed, KEY, "A7", {5: 22}, lambda _: b"".join(made))
    with pytest.raises(SealError, match="not in the seal"):
        prove(sealed, KEY, "A7", {5: 23}, lambda _: b"".join(made))


@pytest.mark.parametrize("count", [0, *COUNTS])
def test_a_seal_without_levels_has_them_made(count: int, tmp_path: Path) -> None:
    """A folder of an earlier version holds the leaves alone."""
    made = tree.leaves(claims(count), KEY, 5, 1)
    rows = tree.rows_of(made, 5)
    whole, folder = tree.build(rows), tmp_path / "private" / "leaves"
    folder.mkdir(parents=True)
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "header.bin").write_bytes(header(whole).pack())
    (folder / "5.bin").write_bytes(b"".join(rows))
    kept = Folder(tmp_path)
    [sealed] = kept.header().assets
    assert kept.matches(sealed)
    if count:
        assert kept.tree(5).path(count - 1) == whole.path(count - 1)
    content = b"".join(levels_of(folder / "5.bin"))
    (folder / "5.tree").write_bytes(content)
    assert kept.matches(sealed)
    (folder / "5.tree").write_bytes(content[:-1] + b"x")
    assert not kept.matches(sealed)
