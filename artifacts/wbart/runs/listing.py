"""Runs: the runs of a project that fit a filter, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from wbart.errors import ArgumentInvalid, ProjectNotFound
from wbart.projects.paginator import Key, Paginator
from wbart.query import parse, parse_order
from wbart.runindex.fields import SCHEMA
from wbart.runindex.index import Index, RunRow
from wbart.runs.frames import joined
from wbart.runs.publicrun import PublicRun
from wbart_storage.keys import project_documents, project_prefix, runs_prefix

if TYPE_CHECKING:
    from wbart.workspace import Workspace

FORMATS = ("default", "pandas", "polars")
_PAGE = 200
"""Runs that are read from the index at once."""


class Runs(Paginator[PublicRun]):
    """Runs as they were when the first page was asked for; `len()` counts all that fit.

    filters are Mongo-style; an order without a sign descends, as W&B has it. Raises
    ArgumentInvalid (a ValueError) for both at once, and ProjectNotFound at the first page.
    """

    def __init__(
        self,
        workspace: Workspace,
        entity: str,
        project: str,
        filters: Mapping[str, Any] | None = None,
        order: str | None = "+created_at",
        per_page: int | None = None,
        include_sweeps: bool = True,
        lazy: bool = True,
        start: str | None = None,
    ) -> None:
        self.entity = entity
        self.project = project
        self.order = order or "+created_at"
        self.lazy = lazy
        source = _Selected(workspace, entity, project, filters, self.order)
        self.filters = dict(filters or {})
        super().__init__(source, per_page, start)

    def histories(
        self,
        samples: int = 500,
        keys: list[str] | None = None,
        x_axis: str = "_step",
        format: str = "default",
        stream: str = "default",
    ) -> Any:
        """The sampled histories of all runs, each row with its `run_id`.

        A list of dicts, or one DataFrame of pandas or polars with sorted columns. UsageError
        where the library is missing, ArgumentInvalid for another format.
        """
        if format not in FORMATS:
            raise ArgumentInvalid(f"Invalid format: {format}. Must be one of {FORMATS}")
        tables = [
            [{**row, "run_id": run.id} for row in run.history(samples, keys, x_axis, False, stream)]
            for run in self
        ]
        if format == "default" or not any(tables):
            return [row for rows in tables for row in rows]
        return joined(tables, format)

    def upgrade_to_full(self) -> None:
        """Do nothing but note it: runs are loaded whole in any case."""
        self.lazy = False

    def __repr__(self) -> str:
        return f"<Runs {self.entity}/{self.project}>"


class _Selected:
    """The runs of a project that fit, in their order: a page's records are read at a time."""

    def __init__(
        self,
        workspace: Workspace,
        entity: str,
        project: str,
        filters: Mapping[str, Any] | None,
        order: str,
    ) -> None:
        self._workspace = workspace
        self._home = entity, project
        self._condition = parse(filters, SCHEMA)
        self._order = parse_order(order, SCHEMA, unsigned_descends=True)
        self._synced = False

    def items(self, after: Key | None) -> Iterator[tuple[Key, PublicRun]]:
        """The runs behind the one of an id."""
        last = str(after[0]) if after else None
        while rows := self._page(last):
            for row in rows:
                yield (row.path.id,), PublicRun(self._workspace, row.record, _beat(row))
            last = rows[-1].path.id

    def count(self) -> int:
        """How many fit."""
        with self._index() as index:
            found = index.count(*self._home, self._condition)
        if not found:
            self._check_project()
        return found

    def _page(self, after: str | None) -> list[RunRow]:
        with self._index() as index:
            found = index.runs(*self._home, self._condition, self._order, _PAGE, after)
        if not found and after is None:
            self._check_project()
        return found

    def _index(self) -> Index:
        index = Index.open(self._workspace)
        if not self._synced:
            index.sync(*self._home)
            self._synced = True
        return index

    def _check_project(self) -> None:
        objects = self._workspace.store.objects
        home = self._home
        prefixes = runs_prefix(*home), project_prefix(*home), project_documents(*home)
        if not any(any(objects.list(prefix)) for prefix in prefixes):
            raise ProjectNotFound(f"Could not find project {'/'.join(self._home)}")


def _beat(row: RunRow) -> dict[str, Any]:
    """The last sign of life, as the index saw it."""
    return {"ts": row.seen.heartbeat, "summary": row.seen.summary}
