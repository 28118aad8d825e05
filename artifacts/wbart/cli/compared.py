"""A folder compared with the version it was written from, reading only what looks touched."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wbart.cli import exit_codes
from wbart.cli.session import committed_of
from wbart.cli.stop import Stop
from wbart.folders import origin
from wbart.references.fetch import reference_matches
from wbart.refs.refpath import Ref

if TYPE_CHECKING:
    from wbart.artifact import Artifact
    from wbart.workspace import Workspace


@dataclass(slots=True)
class Compared:
    """Paths that are not as in the version, and how many files are."""

    same: int = 0
    changed: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether the folder is exactly the version."""
        return not (self.changed or self.missing or self.extra)

    def marked(self) -> Iterator[tuple[str, str]]:
        """All paths with git's letters, sorted."""
        marks = (("M", self.changed), ("D", self.missing), ("?", self.extra))
        found = ((path, mark) for mark, paths in marks for path in paths)
        return ((mark, path) for path, mark in sorted(found))


def compare(artifact: Artifact, folder: str) -> Compared:
    """Compare by size, times and inode, and by content where those differ."""
    plan = artifact.checkout_plan(folder)
    found = Compared(same=plan.keep, extra=plan.remove)
    manifest = committed_of(artifact).manifest
    for path in plan.write:
        full = os.path.join(folder, path)
        there = os.path.lexists(full)
        entry = manifest.get(path)
        if entry is not None and entry.reference is not None:
            # A plan writes references always; here they count as what they are.
            good = reference_matches(entry, full if there else None)
            if (good is not False) if there else not good:
                found.same += 1
                continue
        (found.changed if there else found.missing).append(path)
    return found


def origin_of(workspace: Workspace, folder: str) -> Ref:
    """The version that the folder was written from. Stops with NOT_FOUND if nobody knows."""
    if not os.path.isdir(folder):
        raise Stop(exit_codes.NOT_FOUND, "not_found", f"{folder}: no such folder")
    found = origin.of(workspace, folder)
    if found is None:
        raise Stop(
            exit_codes.NOT_FOUND,
            "origin_unknown",
            f"{folder} was not written by `get` or `checkout` from this store",
            "`wbart verify REF DIR` compares with a version that you name",
        )
    return found
