"""SHA-256 of several messages at once, one in each lane of a vector (FIPS 180-4, section 6.2).

LLVM makes the vectors of a machine out of these: with AVX-512 sixteen lanes are one register, with
AVX2 eight are. How many lanes there are is said by the type of `lane`, a tuple as long as that, so
that one source serves them all. Words are numbers of this machine; `big` turns the bytes of one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba.core import config, types
from numba.core.cgutils import get_or_insert_function
from numba.core.errors import TypingError
from numba.extending import intrinsic

WIDE, NARROW = 16, 8
"""Lanes with AVX-512, and without it."""
_CUBES = """
428a2f98 71374491 b5c0fbcf e9b5dba5 3956c25b 59f111f1 923f82a4 ab1c5ed5 d807aa98 12835b01 243185be
550c7dc3 72be5d74 80deb1fe 9bdc06a7 c19bf174 e49b69c1 efbe4786 0fc19dc6 240ca1cc 2de92c6f 4a7484aa
5cb0a9dc 76f988da 983e5152 a831c66d b00327c8 bf597fc7 c6e00bf3 d5a79147 06ca6351 14292967 27b70a85
2e1b2138 4d2c6dfc 53380d13 650a7354 766a0abb 81c2c92e 92722c85 a2bfe8a1 a81a664b c24b8b70 c76c51a3
d192e819 d6990624 f40e3585 106aa070 19a4c116 1e376c08 2748774c 34b0bcb5 391c0cb3 4ed8aa4a 5b9cca4f
682e6ff3 748f82ee 78a5636f 84c87814 8cc70208 90befffa a4506ceb bef9a3f7 c67178f2
"""
ROUNDS = tuple(int(word, 16) for word in _CUBES.split())
"""The constants of the rounds (FIPS 180-4, section 4.2.2)."""
WORD = ir.IntType(32)


def best() -> tuple[int, ...]:
    """A lane for each message that this machine does best at once."""
    named = config.CPU_NAME or config.CPU_FEATURES
    wide = not named and llvm.get_host_cpu_features().get("avx512f", False)
    return (0,) * (WIDE if wide else NARROW)


@intrinsic  # type: ignore[untyped-decorator]
def big(context: Any, word: Any) -> Any:
    """A word with its bytes the other way round."""

    def made(_: Any, builder: ir.IRBuilder, __: Any, given: Any) -> Any:
        return builder.bswap(given[0])

    return types.uint32(types.uint32), made


@intrinsic  # type: ignore[untyped-decorator]
def compress(context: Any, lane: Any, state: Any, block: Any) -> Any:
    """Take a block of 16 words in each lane into a state of 8 words in each lane.

    `state` and `block` are contiguous arrays of uint32 with a row for each word and a column for
    each lane.
    """
    for array in (state, block):
        if not (isinstance(array, types.Array) and array.dtype == types.uint32):
            raise TypingError("state and block are arrays of uint32")
    lanes = len(lane)

    def made(on: Any, builder: ir.IRBuilder, signature: Any, given: Any) -> Any:
        state_, block_ = (_data(on, builder, signature, given, i) for i in (1, 2))
        function = _function(builder.module, "sha256", lanes, _write_compression)
        builder.call(function, [state_, block_, ir.IntType(64)(0)])
        return on.get_dummy_value()

    return types.void(lane, state, block), made


@intrinsic  # type: ignore[untyped-decorator]
def spread(context: Any, lane: Any, source: Any, at: Any, stride: Any, block: Any) -> Any:
    """Words of messages into lanes: `block[i, j]` is word i after `at + j * stride` of the source.

    As many words as there are lanes. The source is an array whose bytes stand as in a file.
    """
    lanes = len(lane)

    def made(on: Any, builder: ir.IRBuilder, signature: Any, given: Any) -> Any:
        source_, block_ = (_data(on, builder, signature, given, i) for i in (1, 4))
        function = _function(builder.module, "spread", lanes, _write_spread)
        builder.call(function, [builder.gep(source_, [given[2]]), block_, given[3]])
        return on.get_dummy_value()

    return types.void(lane, source, types.int64, types.int64, block), made


@intrinsic  # type: ignore[untyped-decorator]
def gather(context: Any, lane: Any, state: Any, target: Any, at: Any, stride: Any) -> Any:
    """The hashes of lanes into rows: the 8 words of lane j go to `at + j * stride`."""
    lanes = len(lane)

    def made(on: Any, builder: ir.IRBuilder, signature: Any, given: Any) -> Any:
        state_, target_ = (_data(on, builder, signature, given, i) for i in (1, 2))
        function = _function(builder.module, "gather", lanes, _write_gather)
        builder.call(function, [state_, builder.gep(target_, [given[3]]), given[4]])
        return on.get_dummy_value()

    return types.void(lane, state, target, types.int64, types.int64), made


def _data(on: Any, builder: ir.IRBuilder, signature: Any, given: Any, i: int) -> Any:
    """Where the words of an array begin."""
    return on.make_array(signature.args[i])(on, builder, given[i]).data


def _function(module: ir.Module, what: str, lanes: int, write: Callable[..., None]) -> ir.Function:
    """A function of two pointers and a stride in a module, written once and not inlined."""
    name = f"sonae_{what}_{lanes}"
    if name in module.globals:
        return module.globals[name]
    kind = ir.FunctionType(ir.VoidType(), [WORD.as_pointer(), WORD.as_pointer(), ir.IntType(64)])
    function = ir.Function(module, kind, name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    function.attributes.add("nounwind")
    write(function, ir.IRBuilder(function.append_basic_block()), ir.VectorType(WORD, lanes))
    return function


def _write_spread(function: ir.Function, on: ir.IRBuilder, vector: ir.VectorType) -> None:
    source, block, stride = function.args
    rows = []
    for _ in range(vector.count):
        rows.append(_swapped(on, _load(on, source, vector)))
        source = on.gep(source, [stride])
    for i, row in enumerate(_transposed(on, rows)):
        _store(on, row, on.gep(block, [WORD(i * vector.count)]))
    on.ret_void()


def _write_gather(function: ir.Function, on: ir.IRBuilder, vector: ir.VectorType) -> None:
    state, target, stride = function.args
    words = [_load(on, on.gep(state, [WORD(i * vector.count)]), vector) for i in range(8)]
    nothing = ir.Constant(vector, ir.Undefined)
    first = ir.Constant(ir.VectorType(WORD, 8), list(range(8)))
    for row in _transposed(on, [*words, *[nothing] * (vector.count - 8)]):
        _store(on, _swapped(on, on.shuffle_vector(row, nothing, first)), target)
        target = on.gep(target, [stride])
    on.ret_void()


def _load(on: ir.IRBuilder, pointer: Any, vector: ir.VectorType) -> Any:
    loaded = on.load(on.bitcast(pointer, vector.as_pointer()))
    loaded.align = 4  # NumPy aligns to less than a vector
    return loaded


def _store(on: ir.IRBuilder, value: Any, pointer: Any) -> None:
    on.store(value, on.bitcast(pointer, value.type.as_pointer())).align = 4


def _swapped(builder: ir.IRBuilder, words: Any) -> Any:
    """A vector of words, the bytes of each the other way round."""
    kind = ir.FunctionType(words.type, [words.type])
    name = f"llvm.bswap.v{words.type.count}i32"
    return builder.call(get_or_insert_function(builder.module, kind, name), [words])


def _transposed(builder: ir.IRBuilder, rows: list[Any]) -> list[Any]:
    """A square of vectors with rows and columns exchanged: by halves, quarters, and so on."""
    size = len(rows)
    step = size // 2
    while step:
        low = [j if not j & step else size + (j ^ step) for j in range(size)]
        high = [j ^ step if not j & step else size + j for j in range(size)]
        masks = [ir.Constant(ir.VectorType(WORD, size), mask) for mask in (low, high)]
        for i in range(size):
            if not i & step:
                pair = rows[i], rows[i | step]
                rows[i], rows[i | step] = (builder.shuffle_vector(*pair, m) for m in masks)
        step //= 2
    return rows


def _write_compression(function: ir.Function, on: ir.IRBuilder, vector: ir.VectorType) -> None:
    _Compression(on, vector).write(*function.args[:2])


class _Compression:
    """Writes the 64 rounds over vectors."""

    def __init__(self, on: ir.IRBuilder, vector: ir.VectorType) -> None:
        self.on, self.vector = on, vector
        kind = ir.FunctionType(vector, [vector] * 3)
        name = f"llvm.fshr.v{vector.count}i32"
        self._funnel = get_or_insert_function(on.module, kind, name)

    def write(self, state: Any, block: Any) -> None:
        """All of it."""
        before, words = self._words(state, 8), self._words(block, 16)
        a, b, c, d, e, f, g, h = before
        for i, constant in enumerate(ROUNDS):
            if i >= 16:
                words.append(self._next(words))
            mixed = self._xor(*(self._turn(e, n) for n in (6, 11, 25)))
            chosen = self.on.xor(g, self.on.and_(e, self.on.xor(f, g)))
            one = self._sum(h, words[i], self._all(constant), mixed, chosen)
            mixed = self._xor(*(self._turn(a, n) for n in (2, 13, 22)))
            most = self.on.or_(self.on.and_(a, b), self.on.and_(c, self.on.or_(a, b)))
            h, g, f, e = g, f, e, self.on.add(d, one)
            d, c, b, a = c, b, a, self._sum(one, mixed, most)
        for i, (old, new) in enumerate(zip(before, (a, b, c, d, e, f, g, h), strict=True)):
            _store(self.on, self.on.add(old, new), self._at(state, i))
        self.on.ret_void()

    def _words(self, start: Any, count: int) -> list[Any]:
        return [_load(self.on, self._at(start, i), self.vector) for i in range(count)]

    def _at(self, start: Any, i: int) -> Any:
        return self.on.gep(start, [WORD(i * self.vector.count)])

    def _next(self, words: list[Any]) -> Any:
        early, late = words[-15], words[-2]
        low = self._xor(self._turn(early, 7), self._turn(early, 18), self._down(early, 3))
        high = self._xor(self._turn(late, 17), self._turn(late, 19), self._down(late, 10))
        return self._sum(words[-16], low, words[-7], high)

    def _all(self, value: int) -> Any:
        return ir.Constant(self.vector, [value] * self.vector.count)

    def _turn(self, x: Any, bits: int) -> Any:
        return self.on.call(self._funnel, [x, x, self._all(bits)])

    def _down(self, x: Any, bits: int) -> Any:
        return self.on.lshr(x, self._all(bits))

    def _xor(self, x: Any, y: Any, z: Any) -> Any:
        return self.on.xor(self.on.xor(x, y), z)

    def _sum(self, first: Any, *others: Any) -> Any:
        for other in others:
            first = self.on.add(first, other)
        return first
