"""The records of an event file: TensorFlow's TFRecord framing (its `record_writer.h`).

A record is its length (8 bytes), the length's checksum (4), the data, and the data's checksum (4),
all little-endian. A checksum is the CRC-32C, turned and shifted by a constant ("masked"), so that
data which holds checksums themselves does not confuse it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from google_crc32c import value as crc32c

_HEAD = struct.Struct("<QI")
_SIZE = struct.Struct("<Q")
_SUM = struct.Struct("<I")
_MASK = 0xA282EAD8


class RecordBroken(ValueError):
    """No whole record is where one should be; what was read before it is good."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(f"the record at byte {offset} {reason}")
        self.offset = offset
        """Where the broken record begins."""


def records(file: BinaryIO, size: int) -> Iterator[bytes]:
    """The data of each record in the file's first bytes, as many as size says; checksums verified.

    Raises RecordBroken where the file is cut off, as it is while somebody writes it, or damaged.
    Never holds more than one record, nor asks for more bytes than the file has.
    """
    offset = 0
    while offset < size:
        head = file.read(min(_HEAD.size, size - offset))
        if len(head) < _HEAD.size:
            raise RecordBroken(offset, "is cut off")
        length, length_sum = _HEAD.unpack(head)
        if masked(head[: _SIZE.size]) != length_sum:
            raise RecordBroken(offset, "has a damaged length")
        end = offset + _HEAD.size + length + _SUM.size
        if end > size:
            raise RecordBroken(offset, "is cut off")
        rest = file.read(length + _SUM.size)
        if len(rest) < length + _SUM.size:
            raise RecordBroken(offset, "is cut off")
        data = rest[:length]
        if masked(data) != _SUM.unpack_from(rest, length)[0]:
            raise RecordBroken(offset, "has damaged data")
        yield data
        offset = end


def masked(data: bytes) -> int:
    """The checksum of data as records carry it."""
    plain = int(crc32c(data))
    return ((plain >> 15 | plain << 17) + _MASK) & 0xFFFFFFFF
