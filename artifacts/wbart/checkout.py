"""Checkout: a folder made exactly one version, by writing and removing only what differs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from stat import S_ISDIR
from typing import TYPE_CHECKING

from wbart import origin
from wbart.download import write
from wbart.fetch_references import fetch_reference
from wbart.plan import Plan
from wbart.root import check_emptied, checkout_root
from wbart.standing import FolderReader, Standing, standings
from wbart_manifest.entry import Entry
from wbart_storage.folder import Folder
from wbart_storage.progress import Progress, silent

if TYPE_CHECKING:
    from wbart.artifact import Artifact
    from wbart.committed import Committed

_Root = str | os.PathLike[str] | None


def checkout(
    artifact: Artifact, root: _Root, *, force: bool, dry_run: bool, progress: Progress = silent
) -> str:
    """As `Artifact.checkout`. What is to be written is written before anything is removed."""
    at = artifact._at("checkout")
    target = checkout_root(at) if root is None else os.path.abspath(root)
    if not force:
        check_emptied(target)
    answer = target if root is None else os.fspath(root)
    if dry_run:
        return answer
    way = _Way(target)
    with way:
        write(at.workspace, target, _write(_standings(at, target), way), None, progress)
        way.sweep()
        write(at.workspace, target, way.folders, None, progress)
    for entry in way.references:
        fetch_reference(at.workspace, entry, target, allow_missing=False)
    origin.note(at, target)
    return answer


def checkout_plan(artifact: Artifact, root: _Root) -> Plan:
    """As `Artifact.checkout_plan`."""
    at = artifact._at("checkout_plan")
    target = checkout_root(at) if root is None else os.path.abspath(root)
    plan = Plan()
    for each in _standings(at, target):
        if each.entry is None:
            plan.remove.append(each.path)
        elif each.same:
            plan.keep += 1
        else:
            plan.write.append(each.path)
            plan.size += each.entry.size or 0
    return plan


def _standings(at: Committed, root: str) -> Iterator[Standing]:
    prints = at.workspace.store.fingerprints()
    reader = FolderReader(
        root, prints, at.workspace.store.algorithm, at.workspace.store.clock.now()
    )
    try:
        yield from standings(root, at.manifest.entries(), reader.same)
    finally:
        reader.close()
        prints.close()


def _write(found: Iterator[Standing], way: _Way) -> Iterator[Entry]:
    """The entries to write at once; notes on the way what is to go, and what has to wait."""
    for each in found:
        if each.entry is None:
            way.note(each.path)
        elif each.entry.reference is not None:
            way.references.append(each.entry)
        elif not each.same and (each.found is not None or way.is_free(each.entry)):
            yield each.entry


class _Way:
    """What stands in the way of a checkout. It goes when all else is written, or just in time."""

    def __init__(self, root: str) -> None:
        self.references: list[Entry] = []
        self.folders: list[Entry] = []
        """Entries where a folder lies: written when that is gone."""
        self._root = root
        self._folder = Folder(root)
        self._paths: dict[str, None] = {}
        self._was_empty = not os.listdir(root)

    def note(self, path: str) -> None:
        """Remember a file that no entry names."""
        self._paths[path] = None

    def is_free(self, entry: Entry) -> bool:
        """Whether the entry can be written now; a file that should be its folder is removed."""
        above = entry.path.rpartition("/")[0] if self._paths else ""
        while above:
            if above in self._paths:
                del self._paths[above]
                self._folder.remove(above)
                break
            above = above.rpartition("/")[0]
        if self._is_folder(entry.path):
            self.folders.append(entry)
            return False
        return True

    def sweep(self) -> None:
        """Remove the files that no entry names, and the folders that lie where a file belongs."""
        for path in self._paths:
            self._folder.remove(path)
            self._folder.remove_empty(path.rpartition("/")[0])
        for entry in (*self.folders, *self.references):
            if self._is_folder(entry.path):
                for each, _, _ in os.walk(f"{self._root}/{entry.path}", topdown=False):
                    self._folder.remove_empty(os.path.relpath(each, self._root))

    def _is_folder(self, path: str) -> bool:
        if self._was_empty:
            return False
        status = self._folder.status(path)
        return status is not None and S_ISDIR(status.st_mode)

    def __enter__(self) -> None:
        return None

    def __exit__(self, *error: object) -> None:
        self._folder.close()
