"""What a path leads to: a project, a run, a sweep or a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbart.errors import Error
from wbart.kept import reports

if TYPE_CHECKING:
    from wbart.api import Api
    from wbart.kept.reports import BetaReport
    from wbart.projects.project import Project
    from wbart.runs.publicrun import PublicRun
    from wbart.sweeps.sweeps import Sweep

_WRONG = "Invalid path, should be TEAM/PROJECT/TYPE/ID where TYPE is runs, sweeps, or reports"


def from_path(api: Api, path: str) -> Project | PublicRun | Sweep | BetaReport:
    """As `Api.from_path`."""
    parts = path.strip("/ ").split("/") if isinstance(path, str) else []
    if not all(parts) or not 1 <= len(parts) <= 4:
        raise Error(f"{_WRONG}: {path!r}")
    if len(parts) == 1:
        return api.project(parts[0])
    if len(parts) == 2:
        return api.project(parts[1], parts[0])
    kind = parts[2] if len(parts) == 4 else "runs"
    if kind.startswith("run"):
        return api.run("/".join((*parts[:2], parts[-1])))
    if kind.startswith("sweep"):
        return api.sweep("/".join((*parts[:2], parts[-1])))
    if kind.startswith("report"):
        return reports.find_named(api._workspace, parts[0], parts[1], parts[-1])
    raise Error(f"{_WRONG}: {path!r}")
