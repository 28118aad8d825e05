"""Checkout: a folder made exactly one version, by writing and removing only what differs."""

from __future__ import annotations

import os
from collections.abc import Iterator
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
    removed, references = _Removed(target), list[Entry]()
    with removed:
        missing = _write(_standings(at, target), removed, references)
        write(at.workspace, target, missing, None, progress)
        removed.sweep()
    for entry in references:
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
    reader = FolderReader(root, prints, at.workspace.store.algorithm)
    try:
        yield from standings(root, at.manifest.entries(), reader.same)
    finally:
        reader.close()
        prints.close()


def _write(
    found: Iterator[Standing], removed: _Removed, references: list[Entry]
) -> Iterator[Entry]:
    """The entries to write; notes on the way what is to go, and what refers elsewhere."""
    for each in found:
        if each.entry is None:
            removed.note(each.path)
        elif each.entry.reference is not None:
            references.append(each.entry)
        elif not each.same:
            removed.make_way(each.path)
            yield each.entry


class _Removed:
    """Files that no entry names: noted first, removed when all else is written."""

    def __init__(self, root: str) -> None:
        self._folder = Folder(root)
        self._paths: list[str] = []

    def note(self, path: str) -> None:
        self._paths.append(path)

    def make_way(self, path: str) -> None:
        """Remove what stands where a file, or a folder above it, is to be written."""
        while self._paths and (
            self._paths[-1].startswith(f"{path}/") or path.startswith(f"{self._paths[-1]}/")
        ):
            self._remove(self._paths.pop())

    def sweep(self) -> None:
        for path in self._paths:
            self._remove(path)

    def _remove(self, path: str) -> None:
        self._folder.remove(path)
        self._folder.remove_empty(path.rpartition("/")[0])

    def __enter__(self) -> None:
        return None

    def __exit__(self, *error: object) -> None:
        self._folder.close()
