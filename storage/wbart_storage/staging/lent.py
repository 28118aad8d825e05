"""Large files of others, sent from where they lie, and whether they still are what was hashed.

Its digest was taken of the whole, in order. What is sent is read again, in pieces and in any
order, so a sum of each piece is kept from the first reading: XXH3-128, ten times as fast, with a
seed that nobody knows, so that no file can be made to fit.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from xxhash import xxh3_128

from wbart_manifest.digest import Buffer, Hasher
from wbart_storage.disk import source_error
from wbart_storage.errors import SourceChanged

PIECE = 1 << 20
"""Bytes that have a sum of their own; the parts that are sent are so many, or a multiple."""
_SUM = 16


class Pieces:
    """Takes a file's bytes in order, as a hasher does, and knows its pieces again."""

    def __init__(self, also: Hasher | None = None, seed: int | None = None) -> None:
        self.size = 0
        self._also = also
        self._seed = int.from_bytes(os.urandom(8), "big") if seed is None else seed
        self._sums = bytearray()
        self._open = xxh3_128(seed=self._seed)

    def update(self, data: Buffer, /) -> None:
        """Take the bytes that come next; `also` gets them, too."""
        if self._also is not None:
            self._also.update(data)
        rest = memoryview(data)
        while rest:
            now = rest[: PIECE - self.size % PIECE]
            self._open.update(now)
            self.size += len(now)
            if self.size % PIECE == 0:
                self._sums += self._open.digest()
                self._open.reset()
            rest = rest[len(now) :]

    def digest(self) -> bytes:
        """The sums of all pieces, the last one of which may be shorter."""
        return self._between(0, self.size)

    def same(self, start: int, data: bytes) -> bool:
        """Whether these bytes were there before: whole pieces from start on, or up to the end."""
        again, end = Pieces(seed=self._seed), start + len(data)
        again.update(data)
        whole = start % PIECE == 0 and (end % PIECE == 0 or end == self.size)
        return whole and end <= self.size and again.digest() == self._between(start, end)

    def _between(self, start: int, end: int) -> bytes:
        last = self._open.digest() if end == self.size and end % PIECE else b""
        return bytes(self._sums[start // PIECE * _SUM : end // PIECE * _SUM]) + last


class Lent(NamedTuple):
    """Where files of that content lie, the one added last at the end, and what was read there."""

    paths: tuple[Path, ...]
    pieces: Pieces

    def read(self) -> bytes:
        """All the bytes, if the last file still has them; else SourceChanged."""
        path = self.paths[-1]
        try:
            data = path.read_bytes()
        except OSError as error:
            raise source_error(error, path) from error
        if len(data) != self.pieces.size or not self.pieces.same(0, data):
            raise changed(path)
        return data


def changed(path: Path) -> SourceChanged:
    """The error of a lent file that is not what was read."""
    return SourceChanged(f"file changed after it was added: {path}")
