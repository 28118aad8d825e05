"""Tensors: arrays of numbers or texts, as events carry them (TensorFlow's `tensor.proto`)."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wbart.apis.importers.protobuf_wire import (
    WireInvalid,
    bytes_key,
    doubles,
    fields,
    fixed32_key,
    fixed64_key,
    floats,
    packed_varints,
    signed,
    varint_key,
)

MOST = 1_000_000
"""A tensor of more numbers is no metric, and a short message may claim any number of them."""
Number = float | int | bool
_TYPE, _SHAPE, _CONTENT, _TEXTS = varint_key(1), bytes_key(2), bytes_key(4), bytes_key(8)
_DIM, _SIZE, _UNKNOWN = bytes_key(2), varint_key(1), varint_key(3)
_STRING = 7


@dataclass(frozen=True, slots=True)
class Tensor:
    """An array: its shape, and in row-major order its numbers, or its texts as bytes."""

    shape: tuple[int, ...]
    numbers: Sequence[Number] | None
    """None when it is of texts."""
    texts: Sequence[bytes] = ()

    @property
    def rows(self) -> list[Sequence[Number]]:
        """The rows of an array of two dimensions. Raises WireInvalid for another."""
        if len(self.shape) != 2 or self.numbers is None:
            raise WireInvalid(f"a tensor of shape {self.shape} has no rows")
        width = self.shape[1]
        return [self.numbers[at * width : (at + 1) * width] for at in range(self.shape[0])]


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a type of numbers is written: as `struct` in the content, or in a field of its own."""

    letter: str
    field: int
    plain: Callable[[int], Number] = signed


def _half(bits: int) -> float:
    return float(struct.unpack("<e", struct.pack("<H", bits & 0xFFFF))[0])


def _bfloat(bits: int) -> float:
    return float(struct.unpack("<f", struct.pack("<I", (bits & 0xFFFF) << 16))[0])


_KINDS = {
    1: _Kind("f", 5),
    2: _Kind("d", 6),
    3: _Kind("i", 7),
    4: _Kind("B", 7),
    5: _Kind("h", 7),
    6: _Kind("b", 7),
    9: _Kind("q", 10),
    10: _Kind("?", 11, bool),
    14: _Kind("H", 13, _bfloat),
    17: _Kind("H", 7),
    19: _Kind("e", 13, _half),
    22: _Kind("I", 16, int),
    23: _Kind("Q", 17, int),
}
"""By TensorFlow's `DataType`. What is left out are complex, quantized and tiny numbers."""


def tensor(message: bytes) -> Tensor:
    """The array that a message holds. Raises WireInvalid, for types that we do not know, too."""
    type_, shape, content = 0, b"", b""
    texts: list[bytes] = []
    for key, value in fields(message):
        if isinstance(value, int):
            type_ = value if key == _TYPE else type_
        elif key == _SHAPE:
            shape = value
        elif key == _CONTENT:
            content = value
        elif key == _TEXTS:
            texts.append(value)
    sizes = _sizes(shape)
    if type_ == _STRING:
        return Tensor(sizes, None, texts)
    if type_ not in _KINDS:
        raise WireInvalid(f"a tensor has the type {type_}, which is not read")
    kind, count = _KINDS[type_], _count(sizes)
    found = _unpacked(kind, type_, content) if content else _listed(kind, message)
    return Tensor(sizes, _filled(found, count))


def _sizes(message: bytes) -> tuple[int, ...]:
    found = []
    for key, value in fields(message):
        if key == _UNKNOWN and value:
            raise WireInvalid("a tensor has no shape")
        if key == _DIM and isinstance(value, bytes):
            size = next((n for at, n in fields(value) if at == _SIZE and isinstance(n, int)), 0)
            found.append(signed(size))
    return tuple(found)


def _count(sizes: tuple[int, ...]) -> int:
    if min(sizes, default=0) < 0 or math.prod(sizes) > MOST:
        raise WireInvalid(f"a tensor has the shape {sizes}")
    return math.prod(sizes)


def _unpacked(kind: _Kind, type_: int, content: bytes) -> list[Number]:
    width = struct.calcsize(kind.letter)
    if len(content) % width or len(content) // width > MOST:
        raise WireInvalid(f"a tensor of type {type_} has {len(content)} bytes")
    found = list(struct.unpack(f"<{len(content) // width}{kind.letter}", content))
    return [_bfloat(bits) for bits in found] if kind.plain is _bfloat else found


def _listed(kind: _Kind, message: bytes) -> list[Number]:
    """What the field of its own says, packed or not."""
    found: list[Number] = []
    number = kind.field
    for key, value in fields(message):
        if key == bytes_key(number) and isinstance(value, bytes):
            if number == 5:
                found += floats(value)
            elif number == 6:
                found += doubles(value)
            else:
                found += [kind.plain(each) for each in packed_varints(value)]
        elif key == varint_key(number) and isinstance(value, int) and number > 6:
            found.append(kind.plain(value))
        elif key == fixed32_key(number) and isinstance(value, bytes) and number == 5:
            found += floats(value)
        elif key == fixed64_key(number) and isinstance(value, bytes) and number == 6:
            found += doubles(value)
    return found


def _filled(found: list[Number], count: int) -> list[Number]:
    """As many as the shape says: the last one may stand for all that follow it."""
    if len(found) > count or (count and not found):
        raise WireInvalid(f"a tensor of {count} numbers has {len(found)}")
    return found + found[-1:] * (count - len(found))
