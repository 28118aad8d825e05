"""Sweep: a search over parameters, its runs, and the best of them."""

from __future__ import annotations

import html
import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wbart import names
from wbart.errors import ArgumentInvalid, NotFound
from wbart.kept import documents
from wbart.kept.documents import Document
from wbart.projects.listing import Listing
from wbart.projects.paginator import Paginator
from wbart.recording import path as runpath
from wbart.recording.path import RunPath
from wbart.sweeps.draw import drawn, sweep_prefix
from wbart.sweeps.space import Metric, Space, stored, understand
from wbart_storage.clock import rfc3339
from wbart_storage.keys import project_documents

if TYPE_CHECKING:
    from wbart.runs.listing import Runs
    from wbart.runs.publicrun import PublicRun
    from wbart.workspace import Workspace

log = logging.getLogger(__name__)


class Sweep:
    """A snapshot of what is stored of a sweep; `load(force=True)` reads it anew."""

    def __init__(self, workspace: Workspace, path: RunPath) -> None:
        """Read it. Raises NotFound."""
        self._workspace = workspace
        self._path = path
        self.load(force=True)

    @property
    def id(self) -> str:
        """Its id, unique in the project."""
        return self._path.id

    @property
    def entity(self) -> str:
        """The entity that it and its runs belong to."""
        return self._path.entity

    @property
    def project(self) -> str:
        """The project that it and its runs belong to."""
        return self._path.project

    @property
    def path(self) -> list[str]:
        """Entity, project and id."""
        return [self.entity, self.project, self.id]

    @property
    def config(self) -> dict[str, Any]:
        """Method, parameters, metric and the rest, as they were given."""
        return dict(self._document.fields["config"])

    @property
    def name(self) -> str:
        """The name in its config, or else its id."""
        return str(self.config.get("name") or self.id)

    @property
    def description(self) -> str | None:
        """What its config says of it."""
        text: str | None = self.config.get("description")
        return text

    @property
    def stopped(self) -> bool:
        """Whether somebody stopped it."""
        return bool(self._document.fields.get("stopped"))

    @property
    def state(self) -> str:
        """PENDING, RUNNING since a first draw, FINISHED when nothing is left, or STOPPED.

        Counted when it is asked for: agents write nothing down that others could overtake.
        """
        if self.stopped:
            return "STOPPED"
        count, size = drawn(self._workspace, self._path), self.space.size
        if size is not None and count >= size:
            return "FINISHED"
        return "RUNNING" if count else "PENDING"

    @property
    def created_at(self) -> str:
        """RFC 3339, UTC."""
        return rfc3339(self._document.created_at)

    @property
    def metric(self) -> Metric | None:
        """What it wants to be small or large."""
        return self.space.metric

    @property
    def space(self) -> Space:
        """Its config, understood."""
        return understand(self.config)

    @property
    def order(self) -> str | None:
        """The order that has its best run first; None without a metric."""
        return self.metric.order if self.metric is not None else None

    @property
    def expected_run_count(self) -> int | None:
        """How many runs it will have at its end; None when it goes on until somebody stops it."""
        return self.space.size

    @property
    def prior_runs(self) -> list[str]:
        """The ids of runs that were there before it and count for it."""
        return list(self._document.fields.get("prior", ()))

    @property
    def runs(self) -> Runs:
        """Its runs, oldest first."""
        from wbart.runs.listing import Runs

        return Runs(self._workspace, self.entity, self.project, {"sweep": self.id})

    @property
    def url(self) -> str:
        """Where a browser would show it; empty, since there is no server."""
        return ""

    def best_run(self, order: str | None = None) -> PublicRun | None:
        """The run with the best number as its metric; with an order the first one of that.

        Without a metric the newest, and a warning. None when there is no run.
        """
        from wbart.runs.listing import Runs

        if order is None and self.metric is not None:
            return best_of(self.runs, self.metric)
        if order is None:
            log.warning("sweep %s has no metric: its newest run is taken for the best", self._path)
        found = Runs(
            self._workspace, self.entity, self.project, {"sweep": self.id}, order or "-created_at"
        )
        return next(iter(found), None)

    def stop(self) -> None:
        """Let its agents begin no further run; those that have begun go on."""
        documents.edit(self._workspace, self._document, {"stopped": True})
        self.load(force=True)

    def load(self, force: bool = False) -> Sweep:
        """Read it anew when forced; returns itself. Raises NotFound."""
        if force:
            found = documents.read(self._workspace.store.objects, sweep_prefix(self._path))
            if found is None:
                raise NotFound(f"Could not find sweep {self._path}")
            self._document: Document = found
        return self

    def to_html(self, height: int = 420, hidden: bool = False) -> str:
        """Its runs and their metric as a table; a hidden one is folded."""
        metric = self.metric.name if self.metric is not None else ""
        rows = "".join(_row(run, metric) for run in self.runs)
        head = f"<tr><th>run</th><th>state</th><th>{html.escape(metric)}</th></tr>"
        title = f"<summary>sweep {html.escape(self.name)} ({self.state})</summary>"
        opened = "" if hidden else " open"
        style = f"max-height:{int(height)}px;overflow:auto"
        table = f"<table>{head}{rows}</table>"
        return f"<details{opened} style='{style}'>{title}{table}</details>"

    def __repr__(self) -> str:
        return f"<Sweep {self._path} ({self.state})>"


class Sweeps(Paginator[Sweep]):
    """The sweeps of a project, oldest first."""

    def __init__(
        self, workspace: Workspace, entity: str, project: str, per_page: int | None = None
    ) -> None:
        self._label = f"{entity}/{project}"

        def load() -> list[Sweep]:
            kind = project_documents(entity, project, "sweeps")
            ids = documents.children(workspace.store.objects, kind)
            return [Sweep(workspace, RunPath(entity, project, id_)) for id_ in ids]

        def key(sweep: Sweep) -> tuple[str, str]:
            return sweep.created_at, sweep.id

        super().__init__(Listing(load, key, lambda sweep: sweep), per_page)

    def __repr__(self) -> str:
        return f"<Sweeps {self._label}>"


def find(workspace: Workspace, path: str) -> Sweep:
    """The sweep at `[[entity/]project/][sweeps/]id`. Raises NotFound, ArgumentInvalid."""
    found = runpath.parse(path, entity=workspace.entity, project=workspace.project)
    return Sweep(workspace, found)


def create(
    workspace: Workspace, config: Mapping[str, Any], prior_runs: Sequence[str] | None = None
) -> Sweep:
    """Store a sweep in the project that applies; prior runs become runs of it.

    Raises ArgumentInvalid, ArgumentTypeInvalid, and RunNotFound, with nothing stored.
    """
    from wbart.recording.record import read_record
    from wbart.runs import editing as runediting

    understand(config)
    if isinstance(prior_runs, str):
        raise ArgumentInvalid("prior_runs must be a list of ids of runs")
    home = workspace.entity, names.project(workspace.project)
    objects = workspace.store.objects
    prior = [read_record(objects, RunPath(*home, names.run_id(id_))) for id_ in prior_runs or ()]
    fields = {"config": stored(config), "prior": [record.path.id for record in prior]}
    while True:
        path = RunPath(*home, names.random_run_id())
        if documents.create(workspace, sweep_prefix(path), fields):
            break
    for record in prior:
        runediting.edit(workspace, record, {"sweep": path.id})
    return Sweep(workspace, path)


def value_of(summary: Mapping[str, Any], metric: Metric) -> float | None:
    """What a summary says of a metric, nested or not; None unless it is a finite number."""
    found: Any = summary
    for name in [metric.name] if metric.name in summary else metric.name.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return float(found) if math.isfinite(found) else None


def best_of(runs: Iterable[PublicRun], metric: Metric) -> PublicRun | None:
    """The run with the best number, the oldest of several; without any number the oldest run."""
    sign = 1 if metric.goal == "minimize" else -1
    found = list(runs)
    known = [(value, at) for at, run in enumerate(found)
             if (value := value_of(run.summary_metrics, metric)) is not None]  # fmt: skip
    if not known:
        return found[0] if found else None
    return found[min(known, key=lambda each: (sign * each[0], each[1]))[1]]


def _row(run: PublicRun, metric: str) -> str:
    cells = (run.name, run.state, run.summary_metrics.get(metric, ""))
    return f"<tr>{''.join(f'<td>{html.escape(str(cell))}</td>' for cell in cells)}</tr>"
