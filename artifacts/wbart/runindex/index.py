"""The index of runs: a database of this machine, folded from the store, that answers queries.

It holds nothing that cannot be read from the store again, and may be deleted at any time.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar

from wbart.errors import RunNotFound
from wbart.query import (
    Condition,
    Order,
    compile_condition,
    compile_order,
    install,
    parse,
    parse_order,
    value_of_field,
)
from wbart.query.sql import Sql
from wbart.recording.increment import RunRecord
from wbart.recording.path import RunPath
from wbart.recording.recovery import recover
from wbart.runindex.edges import Edges
from wbart.runindex.fields import SCHEMA, Observed, observe
from wbart.runindex.merges import QUIET
from wbart.runindex.segment import unpack
from wbart.runindex.segments import LEAST, Home, merge
from wbart.runindex.sync import Sync
from wbart.runindex.tables import LAYOUT, PAGE_SIZE, PIECES, TABLES, packed_of
from wbart_storage.database import connect, renew
from wbart_storage.errors import AccessDenied, StorageError, StoreUnsupported
from wbart_storage.keys import unquote

if TYPE_CHECKING:
    from wbart.workspace import Workspace

log = logging.getLogger(__name__)

NAME = "runs.db"
ALL: Condition = parse(None, SCHEMA)
"""Holds for every run."""
OLDEST_FIRST: Order = parse_order("+created_at", SCHEMA)
_MOST_AT_ONCE = 1000
"""Runs that are merged on behalf of a query, which must not wait long."""
_Answer = TypeVar("_Answer")


class RunRow(NamedTuple):
    """A run as the index knows it."""

    record: RunRecord
    seen: Observed
    """Its state, summary, duration and heartbeat with its last sign of life."""

    @property
    def path(self) -> RunPath:
        """Where the run lives."""
        return self.record.path


class Index:
    """The runs of one store. Close it, or use it in a `with`. Safe to share between threads.

    Any number of processes may have it open. Answers are as of the last `sync` of the project.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._store = workspace.store
        self._lock = RLock()
        self._merges = True
        self._path: Path = self._store.local / NAME
        self._db = connect(self._path, TABLES, LAYOUT, PAGE_SIZE)
        install(self._db)

    @classmethod
    def open(cls, workspace: Workspace) -> Index:
        """The index of the workspace's store on this machine; a damaged one is begun anew."""
        return cls(workspace)

    def sync(self, entity: str, project: str) -> None:
        """Take in what the store has of a project's runs now.

        Where this finds enough runs that are over, it also merges some in the store, if it may.
        """
        home = Home(entity, project)
        recover(self._workspace)
        key = self._ask(lambda db: Sync(db, self._store, home).run())
        if self._merges and len(over := self._over(key)) >= LEAST:
            self._merge(home, over)

    def sync_all(self) -> None:
        """Take in what the store has of all runs."""
        for entity in self._children("runs/"):
            for project in self._children(f"runs/{entity}/"):
                self.sync(unquote(entity), unquote(project))

    def runs(
        self,
        entity: str,
        project: str,
        condition: Condition = ALL,
        order: Order = OLDEST_FIRST,
        limit: int | None = None,
        after: str | None = None,
    ) -> list[RunRow]:
        """The runs for which the condition holds, in order; conditions are of `runfields.SCHEMA`.

        With after, the id of a run, those that come behind it. RunNotFound when that is gone.
        """
        where = compile_condition(condition)
        by = compile_order(order, "id")
        if after is not None:
            where = _both(where, self._behind(entity, project, order, after))
        # What is sorted should be small: the records are looked up behind.
        text = (
            f"SELECT rowid FROM run WHERE {_HOME} AND NOT deleted AND {where.text} "
            f"ORDER BY {by.text} LIMIT ?"
        )
        most = -1 if limit is None else limit
        values = (entity, project, *where.values, *by.values, most)
        now, one = self._store.clock.now(), f"SELECT {PIECES} FROM run WHERE rowid = ?"

        def work(db: sqlite3.Connection) -> list[tuple[Any, ...]]:
            rows = db.execute(text, values).fetchall()
            return [db.execute(one, row).fetchone() for row in rows]

        found = self._ask(work)
        return [_row(RunPath(entity, project, row[0]), row, now) for row in found]

    def count(self, entity: str, project: str, condition: Condition = ALL) -> int:
        """How many runs the condition holds for."""
        where = compile_condition(condition)
        text = f"SELECT count(*) FROM run WHERE {_HOME} AND NOT deleted AND {where.text}"
        values = (entity, project, *where.values)
        return int(self._ask(lambda db: db.execute(text, values).fetchone())[0])

    def users_of(self, version_id: str) -> list[RunPath]:
        """The runs of any project that used the version, the oldest first."""
        return self.edges.consumers(version_id)

    def rows(self, paths: Iterable[RunPath]) -> list[RunRow]:
        """The runs of these paths, as far as they are known, in that order."""
        text = f"SELECT {PIECES} FROM run WHERE {_HOME} AND id = ?"
        now, wanted = self._store.clock.now(), list(paths)

        def work(db: sqlite3.Connection) -> list[tuple[Any, ...] | None]:
            values = ((path.entity, path.project, path.id) for path in wanted)
            return [db.execute(text, each).fetchone() for each in values]

        found = zip(wanted, self._ask(work), strict=True)
        return [_row(path, row, now) for path, row in found if row is not None]

    @property
    def edges(self) -> Edges:
        """What runs used and logged, both ways."""
        return Edges(self._ask)

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _behind(self, entity: str, project: str, order: Order, after: str) -> Sql:
        """What holds for the runs that come behind a run in this order."""
        value = value_of_field(order.field)
        text = f"SELECT {value.text} FROM run WHERE {_HOME} AND id = ?"
        values = (*value.values, entity, project, after)
        found = self._ask(lambda db: db.execute(text, values).fetchone())
        if found is None:
            raise RunNotFound(f"Could not find run {entity}/{project}/{after}")
        return _later(value, order.descending, found[0], after)

    def _over(self, home: int) -> set[str]:
        """Runs that could be merged, the oldest first, as many as a query has time for."""
        text = (
            "SELECT id FROM run WHERE home = ? AND next > line AND ended AND updated <= ? "
            "ORDER BY updated LIMIT ?"
        )
        values = (home, self._store.clock.now() - QUIET, _MOST_AT_ONCE)
        return {run for (run,) in self._ask(lambda db: db.execute(text, values).fetchall())}

    def _merge(self, home: Home, over: set[str]) -> None:
        store = self._store
        try:
            merge(store.objects, home, store.clock, self._workspace.actor, among=over)
        except (AccessDenied, StoreUnsupported) as error:
            self._merges = False
            log.debug("runs are not merged: %s", error)
        except StorageError as error:
            log.info("runs of %s/%s are not merged now: %s", *home, error)

    def _children(self, prefix: str) -> Iterator[str]:
        for stat in self._store.objects.list(prefix, "/"):
            if stat.key.endswith("/"):
                yield stat.key[len(prefix) : -1]

    def _ask(self, work: Callable[[sqlite3.Connection], _Answer]) -> _Answer:
        """Do it with the database; once more with a new one where that turns out damaged."""
        with self._lock:
            try:
                return work(self._db)
            except sqlite3.DatabaseError as error:
                self._db = renew(self._path, TABLES, self._db, error, LAYOUT, PAGE_SIZE)
                install(self._db)
            return work(self._db)


_HOME = "home = (SELECT id FROM home WHERE entity = ? AND project = ?)"


def _row(path: RunPath, row: tuple[Any, ...], now: float) -> RunRow:
    packed, beat = packed_of(row)
    record = unpack(path, packed)
    return RunRow(record, observe(record.fields, record.updated_at, beat, now))


def _both(one: Sql, other: Sql) -> Sql:
    return Sql(f"({one.text} AND {other.text})", (*one.values, *other.values))


def _later(value: Sql, descending: bool, last: object, after: str) -> Sql:
    """Rows come by value, those without one last, and by id where it is the same."""
    if last is None:
        return Sql(f"({value.text} IS NULL AND id > ?)", (*value.values, after))
    sign = "<" if descending else ">"
    text = f"({value.text} IS NULL OR {value.text} {sign} ? OR ({value.text} = ? AND id > ?))"
    return Sql(text, (*value.values * 2, last, *value.values, last, after))
