"""Reading a run's history: all of it, some steps of it, or single rows out of many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import Any

import msgspec

from wbart.recording.record import Part, RunRecord
from wbart.runs.historyparts import HistoryParts, Row, inflated
from wbart_storage.in_flight import in_flight
from wbart_storage.keys import history_key, run_prefix
from wbart_storage.objects import ObjectStore

_AHEAD = 4
"""Parts in memory while rows are read one after the other."""
_READERS = 16
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class HistoryReader:
    """The rows of one stream of a run, as they were when this was made.

    Streams are `history` and `events`. Serves one thread.
    """

    def __init__(self, objects: ObjectStore, record: RunRecord, stream: str = "history") -> None:
        self._objects = objects
        self._stream = stream
        path = record.path
        self._prefix = run_prefix(path.entity, path.project, path.id)
        self.parts = self._all_parts(record)
        self.count = sum(part.rows for part in self.parts)
        """How many rows there are."""

    @property
    def last_step(self) -> int:
        """The step of the newest row; -1 where there is none."""
        return self.parts[-1].last if self.parts else -1

    def rows(self, first: int = 0, end: int | None = None) -> Iterator[Row]:
        """The rows of all steps from first up to, not including, end; in order."""
        wanted = [p for p in self.parts if p.last >= first and (end is None or p.first < end)]
        for lines in self._ahead(wanted):
            for line in lines:
                row = _decode(line)
                if row["_step"] >= first and (end is None or row["_step"] < end):
                    yield row

    def lines(self) -> Iterator[bytes]:
        """All rows as JSON lines, for who needs only few of them decoded."""
        for lines in self._ahead(self.parts):
            yield from lines

    def at(self, numbers: Sequence[int]) -> list[Row]:
        """The rows of these ascending numbers, 0 being the first; reads no more than it must."""
        wanted: list[tuple[Part, int, list[int]]] = []
        for (part, block), group in groupby(self._located(numbers), lambda each: each[:2]):
            wanted.append((part, block, [number for _, _, number in group]))
        if not wanted:
            return []
        with ThreadPoolExecutor(min(_READERS, len(wanted)), "wbart-history") as executor:
            found = executor.map(lambda each: self._block(each[0], each[1]), wanted)
            return [
                _decode(lines[number])
                for (_, _, inside), lines in zip(wanted, found, strict=True)
                for number in inside
            ]

    def _all_parts(self, record: RunRecord) -> list[Part]:
        """Those that the record names, and those that its writer had not named yet."""
        named = record.events if self._stream == "events" else record.parts
        first = int(record.fields.get("first_part", 0)) if self._stream == "history" else 0
        stored = HistoryParts(self._objects, self._prefix, first, stream=self._stream)
        known = {number: part for number, part in named.items() if number >= first}
        if record.fields.get("state", "running") == "running" or not known:
            for number in range(first, stored.count()):
                if number not in known:
                    known[number] = stored.describe(number)
        return [known[number] for number in sorted(known)]

    def _ahead(self, parts: Sequence[Part]) -> Iterator[list[bytes]]:
        """The lines of parts, some parts read ahead; who stops to listen waits for none of them."""
        pool = ThreadPoolExecutor(_AHEAD, "wbart-history")
        try:
            yield from in_flight(pool, self._whole, parts, _AHEAD, patient=False)
        finally:
            pool.shutdown(wait=False)

    def _located(self, numbers: Sequence[int]) -> Iterator[tuple[Part, int, int]]:
        """Part, block and number within the block of each row."""
        ahead = iter(self.parts)
        part, start = next(ahead, None), 0
        for number in numbers:
            while part is not None and number >= start + part.rows:
                start += part.rows
                part = next(ahead, None)
            if part is None or number < start:
                raise IndexError(number)
            block, inside = divmod(number - start, part.every or part.rows)
            yield part, block, inside

    def _whole(self, part: Part) -> list[bytes]:
        key = self._key(part)
        return inflated(self._objects, key, lambda: self._objects.get(key))[1].splitlines()

    def _block(self, part: Part, block: int) -> list[bytes]:
        bounds = (0, *part.blocks, part.size)
        key, start, end = self._key(part), bounds[block], bounds[block + 1]
        _, lines = inflated(self._objects, key, lambda: self._objects.get(key, start, end))
        return lines.splitlines()

    def _key(self, part: Part) -> str:
        return history_key(self._prefix, part.number, self._stream)
