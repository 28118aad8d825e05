"""Bringing the index of runs up to date with the store: one project's part of it.

As for a reader of a single run, the increments are listed first and the journal is asked after;
and what the index had is looked up before both, so that what is missing from both is gone.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

from wbart.recording.heartbeat import last_beat
from wbart.recording.increment import RunRecord
from wbart.recording.path import RunPath
from wbart.recording.record import continued, read_segment
from wbart.runindex.merges import Merges, read_merges
from wbart.runindex.segment import Packed, pack
from wbart.runindex.segments import Home, live_runs
from wbart.runindex.tables import (
    COLUMNS,
    PIECES,
    PUT,
    PUT_EDGE,
    Made,
    made_of,
    packed_of,
    record_of,
)
from wbart_storage.errors import JournalCorrupt, ObjectMissing
from wbart_storage.keys import log_key, log_prefix, log_seq, runs_prefix

if TYPE_CHECKING:
    from wbart_storage.store import Store

log = logging.getLogger(__name__)

_TURNS = 8
_READERS = 16
_FORGOTTEN = 24 * 3600.0
"""Seconds of silence after which a run's sign of life is not looked for any more."""
_BATCH = 500
_STATE = COLUMNS.index("state")


class Known(NamedTuple):
    """How far the index knows a run, and how far it is merged."""

    next: int
    line: int


_UNKNOWN = Known(0, 0)


class Sync:
    """One project's runs on their way from a store into an open index."""

    def __init__(self, database: sqlite3.Connection, store: Store, home: Home) -> None:
        self._db = database
        self._store = store
        self._objects = store.objects
        self._home = home
        self._id, self._seq = self._begin()
        self._numbered = (self._id, home.entity, home.project)

    def run(self) -> int:
        """Take in all that is new; the number by which the index knows the project."""
        missing: ObjectMissing | None = None
        for _ in range(_TURNS):
            try:
                self._turn()
            except ObjectMissing as error:  # merged meanwhile; the journal will tell
                missing = error
            else:
                self._take_beats()
                return self._id
        raise JournalCorrupt("/".join(self._home), f"runs vanish: {missing}") from missing

    def _begin(self) -> tuple[int, int]:
        found = "SELECT id, seq FROM home WHERE entity = ? AND project = ?"
        row = self._db.execute(found, self._home).fetchone()
        if row is None:
            with self._db:
                insert = "INSERT OR IGNORE INTO home (entity, project) VALUES (?, ?)"
                self._db.execute(insert, self._home)
            row = self._db.execute(found, self._home).fetchone()
        return int(row[0]), int(row[1])

    def _turn(self) -> None:
        before = self._known("AND next > line")
        listed = live_runs(self._objects, self._home)
        merges, seq = self._news()
        if merges is not None:
            self._take_segments(merges)
        known = self._known_of({*listed, *before})
        lines = {run: each.line for run, each in known.items()}
        if merges is not None:
            lines = {run: merges.line(run).next for run in {*listed, *before}}
        gone = [
            run
            for run, each in before.items()
            if lines.get(run, 0) < each.next and listed.get(run, [-1])[-1] + 1 < each.next
        ]
        self._drop(gone)
        known = {run: each for run, each in known.items() if run not in gone}
        self._take_live(listed, known, lines)
        with self._db:
            self._db.execute("UPDATE home SET seq = max(seq, ?) WHERE id = ?", (seq, self._id))
        self._seq = max(self._seq, seq)

    def _news(self) -> tuple[Merges | None, int]:
        """The merged runs, if the journal has grown since; and its last record."""
        prefix = runs_prefix(*self._home)
        try:
            self._objects.get(log_key(prefix, self._seq + 1))
        except ObjectMissing:
            return None, self._seq
        listed = (log_seq(stat.key) for stat in self._objects.list(log_prefix(prefix)))
        seq = max((seq for seq in listed if seq is not None), default=self._seq)
        return read_merges(self._objects, *self._home), seq

    def _take_segments(self, merges: Merges) -> None:
        known = self._known()
        wanted: dict[str, set[str]] = {}
        moved = []
        for run, line in list(merges.lines.items()):
            each = known.get(run, _UNKNOWN)
            if each.next < line.next:
                wanted.setdefault(line.segment, set()).add(run)
            elif each.line < line.next:
                moved.append((line.next, self._id, run))
        for runs, packed in self._segments(wanted):
            self._put((each, each.next, {}) for run, each in packed.items() if run in runs)
        with self._db:
            self._db.executemany(
                "UPDATE run SET line = max(line, ?) WHERE home = ? AND id = ?", moved
            )

    def _segments(
        self, wanted: Mapping[str, set[str]]
    ) -> Iterator[tuple[set[str], Mapping[str, Packed]]]:
        """The segments, the next one read while the last one is taken in."""
        with ThreadPoolExecutor(1, "wbart-index") as executor:
            ahead: Future[Mapping[str, Packed]] | None = None
            last: set[str] = set()
            for segment, runs in wanted.items():
                under_way = executor.submit(read_segment, self._objects, *self._home, segment)
                if ahead is not None:
                    yield last, ahead.result()
                ahead, last = under_way, runs
            if ahead is not None:
                yield last, ahead.result()
        if wanted:
            # What went through the log of the database once need not stay there.
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _take_live(
        self,
        listed: Mapping[str, list[int]],
        known: Mapping[str, Known],
        lines: Mapping[str, int],
    ) -> None:
        wanted = {
            run: numbers
            for run, numbers in listed.items()
            if numbers[-1] >= max(known.get(run, _UNKNOWN).next, lines.get(run, 0))
        }
        changed = list(self._records(wanted))
        if not changed:
            return
        with ThreadPoolExecutor(min(_READERS, len(changed)), "wbart-index") as executor:
            found = list(executor.map(self._continued, changed))
        self._put((pack(record), lines.get(record.path.id, 0), {}) for record in found if record)

    def _records(self, wanted: Mapping[str, list[int]]) -> Iterator[tuple[RunRecord, list[int]]]:
        """What the index has of these runs, or else a record without a word."""
        found: dict[str, RunRecord] = {}
        for row in self._select(PIECES, wanted):
            found[row[0]] = record_of(RunPath(*self._home, row[0]), row)
        for run, numbers in wanted.items():
            yield found.get(run) or RunRecord(RunPath(*self._home, run)), numbers

    def _continued(self, wanted: tuple[RunRecord, list[int]]) -> RunRecord | None:
        try:
            return continued(self._objects, *wanted)
        except JournalCorrupt as error:
            log.warning("run %s is not as it should be: %s", wanted[0].path, error)
            return None

    def _put(self, found: Iterable[tuple[Packed, int, Mapping[str, Any]]]) -> None:
        now = self._store.clock.now()
        self._write([made_of(self._numbered, *each, now) for each in found])

    def _write(self, made: list[Made]) -> None:
        with self._db:
            self._db.executemany(PUT, (each.row for each in made))
            self._db.executemany(PUT_EDGE, (edge for each in made for edge in each.edges))

    def _drop(self, runs: list[str]) -> None:
        """Forget runs that are gone from the store."""
        with self._db:
            for table, column in (("edge", "run"), ("run", "id")):
                self._db.executemany(
                    f"DELETE FROM {table} WHERE home = ? AND {column} = ?",
                    [(self._id, run) for run in runs],
                )

    def _take_beats(self) -> None:
        """Look for signs of life of the runs that are under way."""
        now = self._store.clock.now()
        rows = self._db.execute(
            f"SELECT {PIECES}, line, state FROM run "
            "WHERE home = ? AND running AND (heartbeat > ? OR state != 'crashed')",
            (self._id, now - _FORGOTTEN),
        ).fetchall()
        if not rows:
            return
        paths = [RunPath(*self._home, row[0]) for row in rows]
        with ThreadPoolExecutor(min(_READERS, len(rows)), "wbart-beats") as executor:
            beats = list(executor.map(lambda path: last_beat(self._objects, path), paths))
        changed = []
        for (*row, line, state), beat in zip(rows, beats, strict=True):
            packed, before = packed_of(tuple(row))
            made = made_of(self._numbered, packed, line, beat, now)
            if beat != before or state != made.row[_STATE]:
                changed.append(made)
        if changed:
            self._write(changed)

    def _known(self, where: str = "") -> dict[str, Known]:
        rows = self._db.execute(
            f"SELECT id, next, line FROM run WHERE home = ? {where}", (self._id,)
        )
        return {run: Known(number, line) for run, number, line in rows}

    def _known_of(self, runs: Iterable[str]) -> dict[str, Known]:
        return {row[0]: Known(row[1], row[2]) for row in self._select("id, next, line", runs)}

    def _select(self, columns: str, runs: Iterable[str]) -> Iterator[tuple[Any, ...]]:
        wanted = list(runs)
        for start in range(0, len(wanted), _BATCH):
            batch = wanted[start : start + _BATCH]
            marks = ", ".join("?" * len(batch))
            yield from self._db.execute(
                f"SELECT {columns} FROM run WHERE home = ? AND id IN ({marks})",
                (self._id, *batch),
            )
