"""The file in which W&B keeps what a run says: a log of records, in LevelDB's format.

A head of 7 bytes, then blocks of 32 KiB, counted from the file's start. A block holds chunks, each
with a head of 7 bytes: CRC-32 of kind and content, length, kind. A record is one whole chunk, or
a first one, any number of middle ones and a last one. Where no head fits, a block ends in zeros.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from wbart.errors import ArgumentInvalid
from wbart_storage.disk import source_error

MAGIC: Final = b":W&B\xe1\xbe"
VERSION: Final = 0
_BLOCK: Final = 32768
_HEAD = struct.Struct("<IHB")
_ZERO, _WHOLE, _FIRST, _MIDDLE, _LAST = range(5)
_KINDS: Final = [zlib.crc32(bytes([kind])) for kind in range(_LAST + 1)]
"""Where the checksum of a chunk begins: with that of its kind."""


class LogFile:
    """The records of one file, in order. A file that was cut short is read up to the break."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.cut = False
        """Whether the last reading found the file to end inside a record."""

    def records(self) -> Iterator[bytes]:
        """Read them anew, in memory no larger than the longest of them.

        Raises ArgumentInvalid where the file is no log of W&B's, or its bytes are damaged, and
        SourceChanged or AccessDenied where it cannot be read.
        """
        self.cut = False
        try:
            with self.path.open("rb") as file:
                yield from self._records(file)
        except OSError as error:
            raise source_error(error, self.path) from error

    def _records(self, file: BinaryIO) -> Iterator[bytes]:
        pieces: list[bytes] = []
        for at, kind, content in self._chunks(file):
            if (kind in (_WHOLE, _FIRST)) is bool(pieces):
                raise self._damaged(at, "a record is not whole")
            pieces.append(content)
            if kind in (_WHOLE, _LAST):
                yield content if kind == _WHOLE else b"".join(pieces)
                pieces = []
        self.cut = self.cut or bool(pieces)

    def _chunks(self, file: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
        """Chunks with the places of their heads, up to the end or the break of the file."""
        block, start = file.read(_BLOCK), 0
        at = self._after_head(block)
        while block:
            while at + _HEAD.size <= len(block):
                crc, length, kind = _HEAD.unpack_from(block, at)
                content = block[at + _HEAD.size : at + _HEAD.size + length]
                if kind == _ZERO and not crc and not length:
                    at = _BLOCK  # room that was made and never filled
                    break
                if kind > _LAST or kind == _ZERO or at + _HEAD.size + length > _BLOCK:
                    raise self._damaged(start + at, "no head of a chunk")
                if len(content) < length:
                    break
                if zlib.crc32(content, _KINDS[kind]) != crc:
                    raise self._damaged(start + at, "the checksum does not fit")
                yield start + at, kind, content
                at += _HEAD.size + length
            if len(block) < _BLOCK:
                self.cut = self.cut or at < len(block)
                return
            block, start, at = file.read(_BLOCK), start + _BLOCK, 0

    def _after_head(self, block: bytes) -> int:
        """Where the chunks begin; a file that ends within its head has none."""
        head = block[: len(MAGIC) + 1]
        if not (MAGIC + bytes([VERSION])).startswith(head):
            if head.startswith(MAGIC):
                known = f"this wbart reads {VERSION}"
                raise ArgumentInvalid(f"{self.path} has version {head[-1]} of W&B's form; {known}")
            raise ArgumentInvalid(f"{self.path} is no file of a W&B run")
        self.cut = len(head) <= len(MAGIC)
        return len(head)

    def _damaged(self, at: int, why: str) -> ArgumentInvalid:
        return ArgumentInvalid(f"{self.path} is damaged at byte {at}: {why}")
