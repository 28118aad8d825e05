"""`Run.save` and `Run.log_code`: files of this machine that belong to a run."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from wbart.artifact import Artifact
from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid
from wbart.names import default_artifact_name
from wbart.recording.stored import put_files
from wbart_manifest.path import canonical
from wbart_storage.files.scan import scan

if TYPE_CHECKING:
    from wbart.recording.liverun import Run

POLICIES = ("live", "end", "now")
_Seen = tuple[int, int]


class Saving:
    """The files that a run saves: at once, at its end, or both."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._later: dict[str, tuple[Path, _Seen | None]] = {}

    def save(
        self, pattern: str | os.PathLike[str], base: str | os.PathLike[str] | None, policy: str
    ) -> list[str]:
        """As `Run.save`; the paths that the run has them under."""
        if policy not in POLICIES:
            raise ArgumentInvalid(f"policy must be one of {', '.join(POLICIES)}: {policy!r}")
        if not isinstance(pattern, str | os.PathLike):
            raise ArgumentTypeInvalid(f"a pattern is text, not {type(pattern).__name__}")
        found = _matched(os.fspath(pattern), base)
        if policy != "end":
            self._put(found)
        if policy != "now":
            sent = policy == "live"
            self._later.update(
                (path, (local, _seen(local) if sent else None)) for path, local in found.items()
            )
        return sorted(found)

    def finish(self) -> None:
        """Store what was to come at the end, and what changed since."""
        later, self._later = self._later, {}
        self._put(
            {
                path: local
                for path, (local, seen) in later.items()
                if local.is_file() and _seen(local) != seen
            }
        )

    def _put(self, files: dict[str, Path]) -> None:
        if files:
            facts = put_files(self._run.workspace, files)
            self._run._writer.update({}, files=dict(facts))


def log_code(
    run: Run,
    root: str | os.PathLike[str],
    name: str | None,
    include: Callable[..., bool] | None,
    exclude: Callable[..., bool] | None,
) -> Artifact | None:
    """As `Run.log_code`."""
    home = os.path.abspath(root)
    picked = []
    for batch in scan(home, links="skip"):
        for found in batch:
            path = os.path.join(home, found.path)
            wanted = _ask(include, path, home) if include else path.endswith(".py")
            hidden = any(part.startswith(".") for part in found.path.split("/"))
            if wanted and not hidden and not (exclude and _ask(exclude, path, home)):
                picked.append((path, found.path))
    if not picked:
        return None
    title = name or default_artifact_name(f"source-{run.project}", os.path.basename(home))
    code = Artifact(title, "code")
    for path, inner in picked:
        code.add_file(path, name=inner)
    return run.log_artifact(code)


def _ask(function: Callable[..., bool], path: str, root: str) -> bool:
    """W&B's functions take the path, and newer ones the root, too."""
    try:
        return bool(function(path, root))
    except TypeError:
        return bool(function(path))


def _matched(pattern: str, base: str | os.PathLike[str] | None) -> dict[str, Path]:
    """Local files by the path that a run has them under: relative to base, else to where we are.

    An absolute pattern without a base gives bare names, as W&B does.
    """
    home = Path(os.path.abspath(base)) if base is not None else Path.cwd()
    full = os.path.join(home, pattern)
    if base is not None and os.path.relpath(full, home).startswith(".."):
        raise ArgumentInvalid(f"{pattern!r} does not lie below its base path {os.fspath(base)!r}")
    found = {}
    for each in sorted(glob.glob(full, recursive=True)):
        local = Path(os.path.abspath(each))
        for file in [local] if local.is_file() else [p for p in local.rglob("*") if p.is_file()]:
            below = file.is_relative_to(home)
            found[canonical(file.relative_to(home).as_posix() if below else file.name)] = file
    return found


def _seen(path: Path) -> _Seen:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
