"""What is hashed for a seal, compiled: account digests, salts, leaves, nodes, tiles.

All that is compiled together stands in this file and in `lanes`. Each kernel takes `lane` first, a
tuple with an entry for each message that is hashed at once; see `lanes`. Arrays of bytes are seen
as words of 32 bits whose bytes stand as in a file. The bytes are those of `sonae.seal.encoding`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

from sonae.seal.fast.lanes import big, compress, gather, spread

F = TypeVar("F", bound=Callable[..., Any])
START = np.array(
    [
        0x6A09E667,
        0xBB67AE85,
        0x3C6EF372,
        0xA54FF53A,
        0x510E527F,
        0x9B05688C,
        0x1F83D9AB,
        0x5BE0CD19,
    ],
    np.uint32,
)
"""The first state of SHA-256 (FIPS 180-4, section 5.3.3)."""
SONA, END = np.uint32(0x534F4E41), np.uint32(0x80000000)
NODE, LEAF = np.uint32(0x45014E00), np.uint32(0x45014C00)
ACCOUNT = (0x53, 0x4F, 0x4E, 0x41, 0x45, 0x01, 0x41, 0x00)
NIL = np.uint32(0)
INNER_BITS, OUTER_BITS = np.uint32(8 * 104), np.uint32(8 * 96)
LEAF_BITS, NODE_BITS = np.uint32(8 * 96), np.uint32(8 * 104)
ROW, TILE, GROUP = 12, 256, 16
"""Words of a row; leaves of a tile; tiles that are hashed together, so that no lane idles."""
LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)


def kernel(function: F) -> F:
    """A function compiled on its first call and kept where a cache can be; without the GIL."""
    try:
        return cast(F, numba.njit(cache=True, nogil=True)(function))
    except RuntimeError:  # no place for a cache
        return cast(F, numba.njit(nogil=True)(function))


def part(function: F) -> F:
    """A function that is compiled into the kernels of this file."""
    return cast(F, numba.njit(nogil=True)(function))


@part
def begin(lane: Any, state: Any, first: Any) -> None:
    """Every lane at a first state."""
    for i in range(8):
        fill(lane, state, i, first[i])


@part
def fill(lane: Any, block: Any, word: Any, value: Any) -> None:
    """One word of every lane."""
    for j in range(len(lane)):
        block[word, j] = value


@part
def finish(lane: Any, block: Any, words: Any, bits: Any) -> None:
    """What follows the words of a message of so many bits up to the end of its last block."""
    fill(lane, block, words, END)
    for i in range(words + 1, len(block) - 1):
        fill(lane, block, i, NIL)
    fill(lane, block, len(block) - 1, bits)


@kernel
def accounts(lane: Any, data: Any, starts: Any, out: Any) -> None:
    """Account digests; text i is the bytes `data[starts[i]:starts[i + 1]]`."""
    width, count = len(lane), len(out)
    state, block = np.empty((8, width), np.uint32), np.empty((16, width), np.uint32)
    blocks = np.empty(width, np.int64)
    for first in range(0, count, width):
        here = min(width, count - first)
        most = 0
        for j in range(here):
            length = 8 + starts[first + j + 1] - starts[first + j]
            blocks[j] = (length + 9 + 63) // 64
            most = max(most, blocks[j])
        begin(lane, state, START)
        for b in range(most):
            for j in range(here):
                if b < blocks[j]:
                    text_block(data, starts[first + j], starts[first + j + 1], b, block, j)
            compress(lane, state, block)
            for j in range(here):
                if b == blocks[j] - 1:
                    for i in range(8):
                        out[first + j, i] = big(state[i, j])


@part
def text_block(data: Any, start: Any, end: Any, b: Any, block: Any, j: Any) -> None:
    """Block b of an account's preimage, into lane j."""
    length = 8 + end - start
    last = (length + 9 + 63) // 64 - 1
    for i in range(16):
        at = 64 * b + 4 * i
        word = np.uint32(0)
        if at >= 8 and at + 4 <= length:
            k = start + at - 8
            word = (
                np.uint32(data[k]) << np.uint32(24)
                | np.uint32(data[k + 1]) << np.uint32(16)
                | np.uint32(data[k + 2]) << np.uint32(8)
                | np.uint32(data[k + 3])
            )
        elif at < length + 1:
            for k in range(at, at + 4):
                byte = np.uint32(0)
                if k < 8:
                    byte = np.uint32(ACCOUNT[k])
                elif k < length:
                    byte = np.uint32(data[start + k - 8])
                elif k == length:
                    byte = np.uint32(0x80)
                word = word << np.uint32(8) | byte
        block[i, j] = word
    if b == last:
        block[14, j] = np.uint32((8 * length) >> 32)
        block[15, j] = np.uint32((8 * length) & 0xFFFFFFFF)


@kernel
def leaves(
    lane: Any, pads: Any, digests: Any, assets: Any, amounts: Any, parts: Any, salts: Any, rows: Any
) -> None:
    """Salts and rows of the parts of claims.

    `pads` are the two blocks of HMAC with the key of the day; `amounts` high and low half of each.
    Part p of claim i goes to place `i * parts + p`; of a salt its first 16 bytes are kept, as
    two numbers that sort as it does.
    """
    width, count = len(lane), len(digests)
    inner, outer, message, state = leaf_blocks(lane)
    keyed = keyed_states(lane, pads)
    left, share = np.zeros((2, width), np.uint64), np.zeros((2, width), np.uint64)
    for first in range(0, count, width):
        here = min(width, count - first)
        for j in range(here):
            left[0, j], left[1, j] = amounts[first + j, 0], amounts[first + j, 1]
            inner[8, j] = message[18, j] = assets[first + j]
            for i in range(8):
                inner[i, j] = message[10 + i, j] = big(digests[first + j, i])
        for p in range(parts):
            fill(lane, inner, 9, np.uint32(p))
            fill(lane, message, 19, np.uint32(p))
            begin(lane, outer, keyed[0])
            compress(lane, outer, inner)
            salt = message[2:10]
            begin(lane, salt, keyed[1])
            compress(lane, salt, outer)
            take_shares(lane, salt, left, share, p == parts - 1)
            for j in range(width):
                for i in range(2):
                    message[20 + 2 * i, j] = np.uint32(share[i, j] >> HALF)
                    message[21 + 2 * i, j] = np.uint32(share[i, j] & LOW)
            begin(lane, state, START)
            compress(lane, state, message[:16])
            compress(lane, state, message[16:])
            for j in range(here):
                at = (first + j) * parts + p
                salts[at, 0] = np.uint64(salt[0, j]) << HALF | np.uint64(salt[1, j])
                salts[at, 1] = np.uint64(salt[2, j]) << HALF | np.uint64(salt[3, j])
                for i in range(8):
                    rows[at, i] = big(state[i, j])
                for i in range(4):
                    rows[at, 8 + i] = big(message[20 + i, j])


@part
def keyed_states(lane: Any, pads: Any) -> Any:
    """The two states of HMAC under a key, which are the same for every message."""
    keyed = np.empty((2, 8), np.uint32)
    block, state = np.empty((16, len(lane)), np.uint32), np.empty((8, len(lane)), np.uint32)
    for k in range(2):
        for i in range(16):
            fill(lane, block, i, pads[k, i])
        begin(lane, state, START)
        compress(lane, state, block)
        for i in range(8):
            keyed[k, i] = state[i, 0]
    return keyed


@part
def leaf_blocks(lane: Any) -> Any:
    """The messages of salts and leaves with all that is the same in each, and a state.

    Inner block of HMAC: account digest, asset, part. Outer: hash of the inner. Leaf, two blocks:
    prefix, salt, account digest, asset, part, amount.
    """
    width = len(lane)
    inner, outer = np.zeros((16, width), np.uint32), np.zeros((16, width), np.uint32)
    message = np.zeros((32, width), np.uint32)
    finish(lane, inner, 10, INNER_BITS)
    finish(lane, outer, 8, OUTER_BITS)
    fill(lane, message, 0, SONA)
    fill(lane, message, 1, LEAF)
    finish(lane, message, 24, LEAF_BITS)
    return inner, outer, message, np.empty((8, width), np.uint32)


@part
def take_shares(lane: Any, salt: Any, left: Any, share: Any, last: Any) -> None:
    """The share of a part of what is left in each lane: left * salt[24:32] >> 64, or all of it."""
    for j in range(len(lane)):
        high, low = left[0, j], left[1, j]
        if last:
            share[0, j], share[1, j] = high, low
            continue
        part_ = np.uint64(salt[6, j]) << HALF | np.uint64(salt[7, j])
        carried = upper(low, part_)
        total = high * part_ + carried
        share[1, j] = total
        share[0, j] = upper(high, part_) + np.uint64(1 if total < carried else 0)
        left[1, j] = low - share[1, j]
        left[0, j] = high - share[0, j] - np.uint64(1 if low < share[1, j] else 0)


@part
def upper(x: Any, y: Any) -> Any:
    """The upper 64 bits of a product of two numbers of 64 bits."""
    x0, x1, y0, y1 = x & LOW, x >> HALF, y & LOW, y >> HALF
    middle = x1 * y0 + (x0 * y0 >> HALF)
    other = x0 * y1 + (middle & LOW)
    return x1 * y1 + (middle >> HALF) + (other >> HALF)


@kernel
def nodes(lane: Any, level: Any, below: Any, out: Any) -> Any:
    """The rows over pairs of rows; False where a sum reaches 2^128."""
    message, state = node_blocks(lane)
    return level_of(lane, level, below, out, len(out), message, state)


@part
def node_blocks(lane: Any) -> Any:
    """The two blocks of a node with all that is the same in each, and a state."""
    width = len(lane)
    message = np.zeros((32, width), np.uint32)
    fill(lane, message, 0, SONA)
    finish(lane, message, 2 + 2 * ROW, NODE_BITS)
    return message, np.empty((8, width), np.uint32)


@part
def level_of(
    lane: Any, level: Any, below: Any, out: Any, count: Any, message: Any, state: Any
) -> Any:
    """The first `count` nodes of a level over rows in pairs."""
    width, fits = len(lane), True
    fill(lane, message, 1, NODE | np.uint32(level))
    if count < width:
        few, made = np.zeros((2 * width, ROW), np.uint32), np.empty((width, ROW), np.uint32)
        few[: 2 * count] = below[: 2 * count]
        fits = vector_of(lane, few, made, 0, message, state)
        out[:count] = made[:count]
        return fits
    for first in range(0, count, width):  # the last vector may overlap the one before
        fits &= vector_of(lane, below, out, min(first, count - width), message, state)
    return fits


@part
def vector_of(lane: Any, below: Any, out: Any, first: Any, message: Any, state: Any) -> Any:
    """As many nodes as there are lanes, from the node `first`."""
    width, fits = len(lane), True
    for word in range(0, 2 * ROW, width):
        start = min(word, 2 * ROW - width)
        spread(
            lane, below, 2 * ROW * first + start, 2 * ROW, message[2 + start : 2 + start + width]
        )
    begin(lane, state, START)
    compress(lane, state, message[:16])
    compress(lane, state, message[16:])
    gather(lane, state, out, ROW * first, ROW)
    for j in range(width):
        carry = np.uint64(0)
        for i in range(ROW - 1, 7, -1):
            both = np.uint64(message[2 + i, j]) + np.uint64(message[2 + ROW + i, j]) + carry
            out[first + j, i] = big(np.uint32(both & LOW))
            carry = both >> HALF
        fits &= carry == np.uint64(0)
    return fits


@kernel
def tiles(lane: Any, levels: Any, rows: Any, out: Any) -> Any:
    """The row at the top of each whole tile of 2^levels leaves; False where a sum does not fit."""
    size, fits = 1 << levels, True
    message, state = node_blocks(lane)
    even = np.empty((GROUP * size // 2, ROW), np.uint32)
    odd = np.empty((GROUP * size // 4, ROW), np.uint32)
    for first in range(0, len(out), GROUP):
        here = min(GROUP, len(out) - first)
        below = rows[first * size : (first + here) * size]
        count = here * size // 2
        for level in range(1, levels):
            above = even if level & 1 else odd
            fits &= level_of(lane, level, below, above, count, message, state)
            below, count = above[:count], count // 2
        top = out[first : first + here]
        fits &= level_of(lane, levels, below, top, here, message, state)
    return fits
