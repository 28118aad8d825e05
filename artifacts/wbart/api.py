"""Api: everything that is in a store, for scripts outside of runs.

A face, as `Artifact` is. What it is opened on is in `apistate`, what it finds of versions in
`apiversions`, what W&B's server would do in `apikept`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wbart import names
from wbart.kept.reports import BetaReport, Reports
from wbart.members.apikept import ApiKept
from wbart.members.apiversions import ApiVersions
from wbart.projects import project
from wbart.projects.project import Project, Projects
from wbart.recording import path as runpath
from wbart.refs import frompath
from wbart.runs import runs
from wbart.runs.listing import Runs
from wbart.runs.publicrun import PublicRun
from wbart.sweeps import sweeps

if TYPE_CHECKING:
    from wbart.sweeps.sweeps import Sweep

log = logging.getLogger(__name__)


class Api(ApiVersions, ApiKept):
    """Reads a store, always fresh. Errors about names and things are CommError and ValueError both.

    Names without an entity or a project have those of overrides (`{"entity":, "project":}`), of
    the active run, or of the surroundings.
    """

    # Projects, runs and sweeps.

    def project(self, name: str, entity: str | None = None) -> Project:
        """The project of that name, which need not hold anything yet."""
        return Project(self._workspace, self._entity(entity), names.project(name))

    def projects(self, entity: str | None = None, per_page: int | None = None) -> Projects:
        """The projects of an entity."""
        return Projects(self._workspace, self._entity(entity), per_page)

    def create_project(self, name: str, entity: str | None = None) -> None:
        """Make a project that has nothing yet; one that is there stays as it is."""
        project.create(self._workspace, self._entity(entity), names.project(name))

    def from_path(self, path: str) -> Project | PublicRun | Sweep | BetaReport:
        """What `[entity/]project` or `entity/project/{runs,sweeps,reports}/id` leads to.

        Raises Error for a path of no such form, and NotFound.
        """
        return frompath.from_path(self, path)

    def run(self, path: str = "") -> PublicRun:
        """The run at `[[entity/]project/]id`. Raises RunNotFound."""
        found = runpath.parse(
            path or self._overrides.get("run") or "",
            entity=self._workspace.entity,
            project=self._workspace.project,
        )
        return runs.find(self._workspace, found)

    def runs(
        self,
        path: str | None = None,
        filters: Mapping[str, Any] | None = None,
        order: str = "+created_at",
        per_page: int = 50,
        include_sweeps: bool = True,
        lazy: bool = True,
    ) -> Runs:
        """The runs of a project that fit Mongo-style filters; an order without a sign descends.

        Raises ArgumentInvalid at once, and ProjectNotFound at the first page.
        """
        home = self._project(path)
        return Runs(self._workspace, *home, filters, order, per_page, include_sweeps, lazy)

    def create_run(
        self, *, run_id: str | None = None, project: str | None = None, entity: str | None = None
    ) -> PublicRun:
        """A new run in state `running`, which nobody writes to yet; its id is random unless given.

        Raises Conflict when the id is taken.
        """
        return PublicRun.create(self, run_id, project, entity)

    def sweep(self, path: str = "") -> Sweep:
        """The sweep at `[[entity/]project/]id`. Raises NotFound."""
        return sweeps.find(self._workspace, path)

    def reports(
        self, path: str = "", name: str | None = None, per_page: int | None = None
    ) -> Reports:
        """The reports of a project, or those of one title."""
        return Reports(self._workspace, *self._project(path), name, per_page)

    def sync_tensorboard(
        self,
        root_dir: str | os.PathLike[str],
        run_id: str | None = None,
        project: str | None = None,
        entity: str | None = None,
    ) -> PublicRun:
        """Make a run of TensorBoard's event files below a folder; or bring it up to date.

        Without a run_id, it has the one that always comes of this folder. Raises ArgumentInvalid
        where no event files are, and Conflict when another run has the id.
        """
        from wbart.apis.importers.tensorboard import LogDir, sync

        folder = LogDir.at(root_dir)
        report = sync(self._workspace, folder, run_id=run_id, project=project, entity=entity)
        for _, error in report.failed:
            raise error
        for line in report.troubles:
            log.warning("%s", line)
        [made] = report.imported + report.updated + report.unchanged
        return self.run(str(made))
