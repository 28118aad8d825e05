"""The wire format of protocol buffers, read without descriptors (protobuf.dev, "Encoding").

A message is a run of fields, and a field a key and a value. The key holds the field's number and
its wire type; who reads a message compares keys with the ones made here. A field that comes with
another wire type than the reader knows has another key, and so is skipped like an unknown one,
as the format demands.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_SIGN = 1 << 63
_WRAP = 1 << 64
_double = struct.Struct("<d").unpack
_float = struct.Struct("<f").unpack


class WireInvalid(ValueError):
    """These bytes are no message: a field runs past the end, or has no wire type that is known."""


def varint_key(number: int) -> int:
    """The key of a field of integers, booleans or enums."""
    return number << 3 | _VARINT


def fixed64_key(number: int) -> int:
    """The key of a field of doubles, or of integers of 64 fixed bits."""
    return number << 3 | _FIXED64


def bytes_key(number: int) -> int:
    """The key of a field of bytes, text, messages, maps or packed numbers."""
    return number << 3 | _BYTES


def fixed32_key(number: int) -> int:
    """The key of a field of floats, or of integers of 32 fixed bits."""
    return number << 3 | _FIXED32


def number_of(key: int) -> int:
    """The number of the field that has this key."""
    return key >> 3


def chunks(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The fields of a message which are no varints: bytes, and fixed numbers as their bytes."""
    return ((key, value) for key, value in fields(message) if isinstance(value, bytes))


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message in their order: key, and an int for a varint, else its bytes.

    Repeated fields come several times; of a single one the last counts. Fixed numbers are bytes
    of 8 or 4, for `double` and `float32`. Raises WireInvalid at the field that is broken.
    """
    at, end = 0, len(message)
    while at < end:
        key = message[at]
        at += 1
        if key >= 0x80:
            key, at = _varint(message, at - 1)
        wire = key & 7
        if key >> 3 == 0:
            raise WireInvalid("a field of a message has the number 0")
        if wire == _VARINT:
            value, at = _varint(message, at)
            yield key, value
            continue
        if wire == _BYTES:
            size, at = _varint(message, at)
        elif wire == _FIXED32:
            size = 4
        elif wire == _FIXED64:
            size = 8
        else:
            raise WireInvalid(f"field {key >> 3} of a message has the wire type {wire}")
        if size > end - at:
            raise WireInvalid(f"field {key >> 3} of a message runs past its end")
        yield key, message[at : at + size]
        at += size


def signed(value: int) -> int:
    """What a varint says as an `int32` or `int64`."""
    return value - _WRAP if value & _SIGN else value


def double(value: bytes) -> float:
    """What the 8 bytes of a fixed number say."""
    return float(_double(value)[0])


def float32(value: bytes) -> float:
    """What the 4 bytes of a fixed number say."""
    return float(_float(value)[0])


def doubles(packed: bytes) -> list[float]:
    """The numbers of a packed field of doubles. Raises WireInvalid."""
    return _numbers("d", 8, packed)


def floats(packed: bytes) -> list[float]:
    """The numbers of a packed field of floats. Raises WireInvalid."""
    return _numbers("f", 4, packed)


def packed_varints(packed: bytes) -> list[int]:
    """The numbers of a packed field of varints, unsigned. Raises WireInvalid."""
    at, found = 0, []
    while at < len(packed):
        value, at = _varint(packed, at)
        found.append(value)
    return found


def text(value: bytes) -> str:
    """What a field of text says. Raises WireInvalid when it is not UTF-8."""
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise WireInvalid("a field of text is not UTF-8") from error


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """The varint at a place, of 64 bits at most, and where the next thing begins."""
    shift = value = 0
    try:
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & (_WRAP - 1), at
            shift += 7
            if shift >= 70:
                raise WireInvalid("a varint of a message has more than ten bytes")
    except IndexError:
        raise WireInvalid("a varint of a message runs past its end") from None


def _numbers(letter: str, size: int, packed: bytes) -> list[float]:
    if len(packed) % size:
        raise WireInvalid(f"a packed field of {len(packed)} bytes holds no whole numbers of {size}")
    return list(struct.unpack(f"<{len(packed) // size}{letter}", packed))
