"""The parts in which a run's history is stored: JSON lines under gzip, each written once."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from wbart.errors import Conflict
from wbart.runrecord import Part
from wbart_storage import readback
from wbart_storage.keys import history_key, history_prefix
from wbart_storage.objects import ObjectStore

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
        if readback.create(self._objects, key, data, self._wait) != data:
            raise Conflict(f"{key} was written by another process")
        part = _described(lines, self._next, len(data), blocks)
        self._next += 1
        return part

    def count(self) -> int:
        """How many parts there are, those before the first of ours included."""
        return sum(1 for _ in self._objects.list(history_prefix(self._prefix, self._stream)))

    def describe(self, number: int) -> Part:
        """What lies in a part that is stored, read from it. Raises ObjectMissing."""
        data = self._objects.get(history_key(self._prefix, number, self._stream))
        return _described(gzip.decompress(data), number, len(data), [])

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
        data = gzip.decompress(self._objects.get(history_key(self._prefix, number, self._stream)))
        return [json.loads(line) for line in data.splitlines()]


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
