"""What runs used and logged, both ways: the graph from which lineage is told."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, TypeVar

from wbart.recording.path import RunPath

_Answer = TypeVar("_Answer")
_RUNS = """
SELECT run.entity, run.project, run.id FROM edge
JOIN run ON run.home = edge.home AND run.id = edge.run
WHERE edge.version = ? AND edge.logged = ? AND NOT run.deleted
ORDER BY run.created, run.entity, run.project, run.id
"""
_USERS = """
SELECT edge.version, run.entity, run.project, run.id FROM edge
JOIN run ON run.home = edge.home AND run.id = edge.run
WHERE NOT edge.logged AND NOT run.deleted
"""
_WALK = """
WITH RECURSIVE walk (version, steps) AS (
  SELECT ?, 0
  UNION
  SELECT there.version, walk.steps + 1 FROM walk
  JOIN edge AS here ON here.version = walk.version AND here.logged = ?
  JOIN edge AS there
    ON there.home = here.home AND there.run = here.run AND there.logged != here.logged
  JOIN run ON run.home = here.home AND run.id = here.run
  WHERE walk.steps < ? AND NOT run.deleted)
SELECT version, min(steps) FROM walk WHERE version != ? GROUP BY version
ORDER BY min(steps), version
"""


class Asks(Protocol):
    """Does something with the database of the index."""

    def __call__(self, work: Callable[[sqlite3.Connection], _Answer], /) -> _Answer: ...


class Relative(NamedTuple):
    """A version that another came from, or that came from it."""

    version_id: str
    steps: int
    """The fewest runs that lie between them."""


class Edges:
    """Runs and versions as a graph. Versions are named by their ids."""

    def __init__(self, ask: Asks) -> None:
        self._ask = ask

    def consumers(self, version_id: str) -> list[RunPath]:
        """The runs that used the version, the oldest first."""
        return self._runs(version_id, logged=False)

    def all_consumers(self) -> dict[str, set[RunPath]]:
        """The runs that used a version, of every version that a run used."""
        found: dict[str, set[RunPath]] = {}
        for version, *path in self._ask(lambda db: db.execute(_USERS).fetchall()):
            found.setdefault(version, set()).add(RunPath(*path))
        return found

    def producers(self, version_id: str) -> list[RunPath]:
        """The runs that logged the version, the oldest first."""
        return self._runs(version_id, logged=True)

    def ancestors(self, version_id: str, depth: int = 64) -> list[Relative]:
        """What the version was made of, through at most so many runs; the nearest first."""
        return self._walk(version_id, depth, up=True)

    def descendants(self, version_id: str, depth: int = 64) -> list[Relative]:
        """What was made of the version, through at most so many runs; the nearest first."""
        return self._walk(version_id, depth, up=False)

    def _runs(self, version_id: str, *, logged: bool) -> list[RunPath]:
        def work(db: sqlite3.Connection) -> list[Any]:
            return db.execute(_RUNS, (version_id, logged)).fetchall()

        return [RunPath(*row) for row in self._ask(work)]

    def _walk(self, version_id: str, depth: int, *, up: bool) -> list[Relative]:
        def work(db: sqlite3.Connection) -> list[Any]:
            return db.execute(_WALK, (version_id, up, depth, version_id)).fetchall()

        return [Relative(*row) for row in self._ask(work)]
