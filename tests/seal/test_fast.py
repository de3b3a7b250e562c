"""The kernels give the bytes of the reference: any count, lanes, parts and cuts of a tree."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.core.errors import Refused
from sonae.seal import tree
from sonae.seal.encoding import account_digest, height_of
from sonae.seal.fast import Hashing, Leaves, Node, choose, combine, ordered, subtree
from sonae.seal.fast.arrays import amounts_of, place, rows_of, texts_of, total
from sonae.seal.fast.subtrees import levels_above, padded

EDGES = [0, 1, 2, 3, 15, 16, 17, 255, 256, 257, 511, 512, 513, 4095, 4097]
HASHINGS = {"plain": choose(0), "8 lanes": choose(0, 8), "16 lanes": choose(0, 16)}
KEY = bytes(range(100, 132))


def claims(count: int, seed: int) -> list[tuple[str, int]]:
    """Texts of many lengths, some not ASCII, and amounts of many sizes."""
    draw = random.Random(seed)
    mark = "窓|" if seed % 2 else "|"
    sizes = (0, 1, 31, 64, 65, 109)
    return [
        (f"A{i}{mark}{'x' * draw.randrange(150)}", draw.getrandbits(draw.choice(sizes)))
        for i in range(count)
    ]


def reference(given: list[tuple[str, int]], asset: int, parts: int) -> tree.Tree:
    digests = [(account_digest(text), amount) for text, amount in given]
    return tree.build(tree.rows_of(tree.leaves(digests, KEY, asset, parts), asset))


def hashed(given: list[tuple[str, int]], asset: int, parts: int, hashing: Hashing) -> Leaves:
    digests = hashing.accounts(texts_of(text.encode() for text, _ in given))
    amounts = amounts_of([amount for _, amount in given])
    assets = np.full(len(given), asset, np.uint32)
    return ordered(hashing.leaves(KEY, digests, assets, amounts, parts))


@pytest.mark.parametrize("name", HASHINGS)
@pytest.mark.parametrize("count", EDGES)
def test_every_count_of_leaves_gives_the_tree_of_the_reference(name: str, count: int) -> None:
    whole = reference(claims(count, count), 7, 1)
    found = hashed(claims(count, count), 7, 1, HASHINGS[name])
    assert found.rows.tobytes() == b"".join(whole.levels[0])
    assert total(found.rows) == whole.total
    assert combine(subtree(0, found.rows, HASHINGS[name]), count) == (whole.root, whole.total)
    if count:
        tops = HASHINGS[name].tiles(padded(found.rows))
        above = levels_above(tops, count, HASHINGS[name])
        for level, rows in enumerate(above[: whole.height - 7], 8):
            assert rows.tobytes() == b"".join(whole.levels[level])
        assert len(above) == max(1, height_of(count) - 7)


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(0, 900),
    seed=st.integers(0, 999),
    parts=st.integers(1, 16),
    asset=st.sampled_from([0, 1, 2**32 - 1]),
    name=st.sampled_from(sorted(HASHINGS)),
    cuts=st.lists(st.integers(0, 900 * 16), max_size=9),
)
def test_any_parts_lanes_and_cuts_of_a_tree_give_the_same_root(
    count: int, seed: int, parts: int, asset: int, name: str, cuts: list[int]
) -> None:
    whole = reference(claims(count, seed), asset, parts)
    found = hashed(claims(count, seed), asset, parts, HASHINGS[name])
    assert found.rows.tobytes() == b"".join(whole.levels[0])
    edges = sorted({0, len(found), *(cut % (len(found) + 1) for cut in cuts)})
    nodes = [node for a, b in pairwise(edges) for node in subtree(a, found.rows[a:b])]
    random.Random(seed).shuffle(nodes)
    assert combine(nodes, len(found)) == (whole.root, whole.total)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1)), unique=True))
def test_salts_are_ordered_as_numbers_of_128_bits(pairs: list[tuple[int, int]]) -> None:
    """Also where many share what a sort looks at first."""
    for some in (pairs, [(high & 3, low) for high, low in pairs], [(5, low) for _, low in pairs]):
        unique = list(dict.fromkeys(some))
        salts = np.array(unique, np.uint64).reshape(-1, 2)
        assert [tuple(map(int, row)) for row in salts[place(salts)]] == sorted(unique)


@pytest.mark.parametrize("name", HASHINGS)
def test_a_sum_of_2_to_the_128_is_refused_at_every_level(name: str) -> None:
    half = (1 << 127).to_bytes(16, "big")
    for far in (1, 100, 300):
        rows = np.zeros((512, 48), np.uint8)
        rows[0, 32:] = rows[far, 32:] = np.frombuffer(half, np.uint8)
        with pytest.raises(Refused, match=r"2\^128"):
            combine(subtree(0, rows, HASHINGS[name]), 512)
        rows[far, 32:] = np.frombuffer(((1 << 127) - 1).to_bytes(16, "big"), np.uint8)
        assert combine(subtree(0, rows, HASHINGS[name]), 512).total == 2**128 - 1


@pytest.mark.parametrize("name", HASHINGS)
def test_one_text_twice_is_refused(name: str) -> None:
    with pytest.raises(Refused, match="same account text"):
        hashed([("a", 1), ("b", 2), ("a", 3)], 1, 2, HASHINGS[name])


def test_nodes_that_do_not_cover_a_tree_exactly_are_refused() -> None:
    rows = rows_of(bytes(48 * 7))
    nodes = subtree(0, rows)
    assert [node.level for node in nodes] == [0, 1, 2]
    for wrong in (nodes[1:], [*nodes, nodes[0]], [*nodes[1:], Node(0, 9, bytes(48))]):
        with pytest.raises(Refused):
            combine(wrong, 7)


def test_without_numba_the_same_root_comes_from_hashlib() -> None:
    """In a process of its own, in which Numba cannot be imported; and with AVX2 at most."""
    program = """
import sys
if sys.argv[1] == "without": sys.modules["numba"] = sys.modules["llvmlite"] = None
import numpy as np
from sonae.seal.fast import choose, combine, ordered, subtree
from sonae.seal.fast.arrays import amounts_of, texts_of
hashing = choose(1 << 20)
digests = hashing.accounts(texts_of(b"A%d" % i for i in range(600)))
found = hashing.leaves(bytes(32), digests, np.ones(600, np.uint32), amounts_of(range(600)), 2)
print(hashing.name, combine(subtree(0, ordered(found).rows, hashing), 1200))
"""
    said = {}
    for how, words in (("without", {}), ("with", {}), ("narrow", {"NUMBA_CPU_NAME": "haswell"})):
        ran = subprocess.run(
            [sys.executable, "-c", program, how], capture_output=True, text=True, check=True,
            env={**os.environ, **words},
        )  # fmt: skip
        said[how] = ran.stdout.split(" ", 1)
    assert [said[how][0] for how in said] == ["hashlib", "numba", "numba"]
    assert said["without"][1] == said["with"][1] == said["narrow"][1]
