"""The runs of W&B's at a place of this machine's disk."""

from __future__ import annotations

import os

from wbart.apis.importers.namespace import Namespace
from wbart.apis.importers.wandb.runfolder import RunFolder, folders
from wbart.apis.importers.wandb.wandbrun import WandbRun
from wbart.errors import ArgumentInvalid
from wbart_storage.errors import StorageError

Key = tuple[str, ...]


def runs_at(path: str | os.PathLike[str], namespace: Namespace | None = None) -> list[WandbRun]:
    """The runs at a path, for `import_runs`: a log, a run's folder, or a folder of such folders.

    Folders of which one resumes another are one run. Raises ArgumentInvalid where there is none,
    FileNotFoundError for no such path.
    """
    found: dict[Key, list[RunFolder]] = {}
    replaced: dict[Key, int] = {}
    for folder in folders(path):
        key, resumed = _known_as(folder)
        if key in found and not resumed:
            replaced[key] = replaced.get(key, 0) + 1
            found[key] = []
        found.setdefault(key, []).append(folder)
    return [WandbRun(each, namespace, replaced.get(key, 0)) for key, each in found.items()]


def _known_as(folder: RunFolder) -> tuple[Key, bool]:
    """What tells the folder's run from others. One that cannot be read is a run by itself."""
    try:
        return folder.peek()
    except (ArgumentInvalid, StorageError):
        return (os.fspath(folder.log),), False
