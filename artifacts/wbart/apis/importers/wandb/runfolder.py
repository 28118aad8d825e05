"""The folder of one W&B run: its log, and the files beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from wbart.apis.importers.wandb.logfile import LogFile
from wbart.apis.importers.wandb.message import Message, body, told
from wbart.errors import ArgumentInvalid
from wbart_manifest.errors import PathInvalid
from wbart_manifest.path import check

_PATTERN: Final = "run-*.wandb"
_PEEKED: Final = 100
"""How many records may come before the one that says which run it is."""
_RUN: Final = {17: "run"}
_STARTED, _RESUMED, _RESUME = 17, 18, 24


class Beginning(NamedTuple):
    """What tells a run from others, and whether its folder goes on with what was before."""

    run: tuple[str, ...]
    """Entity, project and id."""
    started: float
    """Seconds since the epoch."""
    resumed: bool


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One folder that W&B made when a run began, or was resumed."""

    log: Path

    @property
    def path(self) -> Path:
        """The folder itself."""
        return self.log.parent

    @property
    def files(self) -> Path:
        """Where the run's files lie."""
        return self.path / "files"

    @property
    def id(self) -> str:
        """The run's id, as the log's name has it."""
        return self.log.name.removeprefix("run-").removesuffix(".wandb")

    def peek(self) -> Beginning:
        """What the log says of the run's beginning. Raises ArgumentInvalid where it does not."""
        file = LogFile(self.log)
        with told(self.log):
            for number, record in enumerate(file.records()):
                found = body(record, _RUN)
                if found is not None:
                    run = Message(found[1])
                    resumed = bool(run.integer(_RESUMED) or run.integer(_RESUME))
                    named = run.text(2), run.text(3), run.text(1) or self.id
                    return Beginning(named, run.seconds(_STARTED) or 0.0, resumed)
                if number >= _PEEKED:
                    break
        raise self.ends_early()

    def ends_early(self) -> ArgumentInvalid:
        """What is wrong with a log that no run begins in."""
        return ArgumentInvalid(f"{self.log} does not say which run it is of: it ends too early")

    def saved(self) -> Iterator[tuple[str, Path]]:
        """The run's files by path; links are passed over."""
        for folder, _, inside in os.walk(self.files):
            for name in sorted(inside):
                local = Path(folder, name)
                path = local.relative_to(self.files).as_posix()
                if _is_path(path) and local.is_file() and not local.is_symlink():
                    yield path, local

    def local(self, path: str) -> Path | None:
        """Where a file lies that the run says it saved: it may be a link, as W&B makes them."""
        local = self.files / path
        return local if _is_path(path) and local.is_file() else None


def folders(path: str | os.PathLike[str]) -> list[RunFolder]:
    """The runs at a path: a log, a run's folder, or a folder of such folders.

    Raises ArgumentInvalid when there is none, FileNotFoundError when nothing is there at all.
    """
    home = Path(os.path.abspath(path))
    if not home.exists():
        raise FileNotFoundError(2, "no such file or folder", os.fspath(path))
    if home.is_file():
        return [RunFolder(home)]
    for place in (home, home / "wandb"):
        found = [*place.glob(_PATTERN), *place.glob(f"*/{_PATTERN}")]
        # `latest-run` is a link to one of the others.
        kept = [each for each in found if each.parent == place or not each.parent.is_symlink()]
        if kept:
            return [RunFolder(each) for each in sorted(kept)]
    raise ArgumentInvalid(f"no run of W&B lies in {os.fspath(path)}")


def _is_path(path: str) -> bool:
    try:
        check(path)
    except PathInvalid:
        return False
    return True
