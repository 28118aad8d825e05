"""Draws of a sweep: which run tries which parameters. Each number is drawn once, by whomever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wbart import names
from wbart.errors import ArgumentInvalid, NotFound
from wbart.kept import documents
from wbart.recording.path import RunPath
from wbart_storage.errors import ObjectMissing
from wbart_storage.keys import (
    draw_prefix,
    increment_key,
    increment_number,
    project_documents,
    quote,
)

if TYPE_CHECKING:
    from wbart.workspace import Workspace


@dataclass(frozen=True)
class Draw:
    """One claim: a run that is to try these parameters, and nobody else's run is."""

    workspace: Workspace
    sweep: RunPath
    number: int
    run: str
    """The id that the run will have."""
    parameters: Mapping[str, Any]
    program: bool = False
    """Whether a process was begun for it."""

    @property
    def path(self) -> str:
        """Its name for processes that are to make the run."""
        return f"{self.sweep}/{self.number}"


def sweep_prefix(sweep: RunPath) -> str:
    """What all keys of a sweep start with; ends in `/`."""
    return f"{project_documents(sweep.entity, sweep.project, 'sweeps')}{quote(sweep.id)}/"


def claim(
    workspace: Workspace, sweep: RunPath, number: int, parameters: Mapping[str, Any]
) -> Draw | None:
    """Take a number; None when another agent has it. At most one of all agents ever gets it."""
    run = names.random_run_id()
    key = increment_key(draw_prefix(sweep_prefix(sweep)), number)
    said = {"run": run, "parameters": dict(parameters)}
    if not documents.create_once(workspace, key, said):
        return None
    return Draw(workspace, sweep, number, run, parameters)


def drawn(workspace: Workspace, sweep: RunPath) -> int:
    """How many numbers are taken: those from 0 on, without gaps."""
    prefix = draw_prefix(sweep_prefix(sweep))
    keys = (stat.key for stat in workspace.store.objects.list(prefix))
    return sum(increment_number(key) is not None for key in keys)


def read(workspace: Workspace, sweep: RunPath, number: int) -> Draw:
    """The draw of that number. Raises NotFound."""
    key = increment_key(draw_prefix(sweep_prefix(sweep)), number)
    try:
        said = documents.load(workspace.store.objects, key)
    except ObjectMissing as error:
        raise NotFound(f"sweep {sweep} has no draw {number}", error) from error
    return Draw(workspace, sweep, number, said["run"], said["parameters"])


def named(workspace: Workspace, path: str) -> Draw:
    """The draw that `Draw.path` named. Raises ArgumentInvalid, NotFound."""
    parts = path.split("/")
    if len(parts) != 4 or not parts[3].isdecimal():
        raise ArgumentInvalid(f"not a draw of a sweep: {path!r}")
    sweep = RunPath(names.entity(parts[0]), names.project(parts[1]), names.run_id(parts[2]))
    return read(workspace, sweep, int(parts[3]))
