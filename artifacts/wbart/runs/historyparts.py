"""The parts in which a run's history is stored: JSON lines under gzip, each written once."""

from __future__ import annotations

import gzip
import json
import time
import zlib
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any

from wbart.errors import Conflict
from wbart.recording.record import Part
from wbart_storage.errors import JournalCorrupt
from wbart_storage.journal import readback
from wbart_storage.keys import history_key, history_prefix
from wbart_storage.objects import ObjectStore
from wbart_storage.reread import reads, reread

Row = dict[str, Any]
BLOCK_ROWS = 1000
"""Rows of one block of a part, each compressed by itself: what a sample has to read."""


class HistoryParts:
    """The parts of the run at prefix, from a first one on. One writer; any number of readers."""

    def __init__(
        self,
        objects: ObjectStore,
        prefix: str,
        first: int = 0,
        wait: readback.Wait = time.sleep,
        stream: str = "history",
    ) -> None:
        self.first = first
        self._stream = stream
        self._objects = objects
        self._prefix = prefix
        self._wait = wait
        self._next: int | None = None

    def append(self, lines: bytes) -> Part:
        """Store lines as the next part, durable when this returns. Raises Conflict as a writer."""
        if self._next is None:
            self._next = self.count()
        blocks = _compressed(lines)
        data = b"".join(blocks)
        key = history_key(self._prefix, self._next, self._stream)
        there = readback.create(self._objects, key, data, self._wait)
        if there != data and self._objects.get(key) != data:  # it may have come back damaged
            raise Conflict(f"{key} was written by another process")
        part = _described(lines, self._next, len(data), blocks)
        self._next += 1
        return part

    def count(self) -> int:
        """How many parts there are, those before the first of ours included."""
        return sum(1 for _ in self._objects.list(history_prefix(self._prefix, self._stream)))

    def describe(self, number: int) -> Part:
        """What lies in a part that is stored, read from it. Raises ObjectMissing."""
        size, lines = self._read(number)
        return _described(lines, number, size, [])

    def rows(self) -> Iterator[Row]:
        """All rows, in the order in which they were logged."""
        for number in range(self.first, self.count()):
            yield from self._part(number)

    def last(self) -> Row | None:
        """The newest row; None when there is none."""
        count = self.count()
        if count <= self.first:
            return None
        rows = self._part(count - 1)
        return rows[-1] if rows else None

    def _part(self, number: int) -> list[Row]:
        return [json.loads(line) for line in self._read(number)[1].splitlines()]

    def _read(self, number: int) -> tuple[int, bytes]:
        """The size of a part, and its lines."""
        key = history_key(self._prefix, number, self._stream)
        return inflated(self._objects, key, lambda: self._objects.get(key))


def inflated(objects: ObjectStore, key: str, get: Callable[[], bytes]) -> tuple[int, bytes]:
    """The size and the lines of a part, or of blocks of it; the checksum of gzip is checked.

    Read again, if the store is a distant one, before JournalCorrupt is raised.
    """

    def read() -> tuple[int, bytes]:
        data = get()
        try:
            return len(data), gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise JournalCorrupt(key, f"no part of a history: {error}") from error

    return reread(reads(objects), read, JournalCorrupt)


def _compressed(lines: bytes) -> list[bytes]:
    """The lines in blocks that can be read one by one, and one after the other as a whole.

    No time in the headers: the same lines are the same bytes, so a lost answer is no loss.
    """
    rows = lines.splitlines(keepends=True)
    pieces = (b"".join(rows[at : at + BLOCK_ROWS]) for at in range(0, len(rows), BLOCK_ROWS))
    return [gzip.compress(piece, compresslevel=6, mtime=0) for piece in pieces]


def _described(lines: bytes, number: int, size: int, blocks: list[bytes]) -> Part:
    rows = lines.splitlines()
    steps = [int(json.loads(line)["_step"]) for line in (rows[0], rows[-1])]
    offsets = tuple(accumulate(map(len, blocks[:-1])))
    every = BLOCK_ROWS if offsets else 0
    return Part(number, len(rows), steps[0], steps[1], size, offsets, every)
