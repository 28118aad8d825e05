"""The runs of W&B's at a place of this machine's disk."""

from __future__ import annotations

import os
from collections import Counter

from wbart.apis.importers.namespace import Namespace
from wbart.apis.importers.wandb.runfolder import Beginning, RunFolder, folders
from wbart.apis.importers.wandb.wandbrun import WandbRun
from wbart.errors import ArgumentInvalid
from wbart_storage.errors import StorageError


def runs_at(path: str | os.PathLike[str], namespace: Namespace | None = None) -> list[WandbRun]:
    """The runs at a path, oldest first, for `import_runs`.

    The path is a log, a run's folder, or a folder of such folders; those of which one resumes
    another are one run. Raises ArgumentInvalid where there is none, FileNotFoundError for no such
    path.
    """
    begun = sorted(((_beginning(each), each) for each in folders(path)), key=_by_time)
    found: dict[tuple[str, ...], list[RunFolder]] = {}
    replaced: Counter[tuple[str, ...]] = Counter()
    for beginning, folder in begun:
        run = beginning.run
        if run in found and not beginning.resumed:
            replaced[run] += 1
            found[run] = []
        found.setdefault(run, []).append(folder)
    return [WandbRun(each, namespace, replaced[run]) for run, each in found.items()]


def _beginning(folder: RunFolder) -> Beginning:
    """How the folder's run began. One that cannot be read is a run by itself."""
    try:
        return folder.peek()
    except (ArgumentInvalid, StorageError):
        return Beginning((os.fspath(folder.log),), 0.0, resumed=False)


def _by_time(begun: tuple[Beginning, RunFolder]) -> tuple[float, str]:
    return begun[0].started, begun[1].path.name
