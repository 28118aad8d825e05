"""Checkout: a folder made exactly one version, by writing and removing only what differs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import chain, repeat
from pathlib import PurePath
from stat import S_ISDIR
from typing import TYPE_CHECKING

from wbart.folders import origin
from wbart.folders.plan import Plan
from wbart.folders.root import (
    check_emptied,
    check_outside,
    check_removed,
    checkout_root,
)
from wbart.folders.standing import FolderReader, side_by_side
from wbart.folders.writing import write
from wbart.references.fetch import fetch_references
from wbart.references.files import sources
from wbart_manifest.entry import Entry
from wbart_storage.disk import disk_errors
from wbart_storage.errors import FolderUnsafe
from wbart_storage.files.folder import Folder
from wbart_storage.files.scan import scan_columns
from wbart_storage.progress import Progress, silent

if TYPE_CHECKING:
    from wbart.committed import Committed

_Root = str | os.PathLike[str] | None
_Differing = tuple[list[str], list[tuple[Entry, bool]]]


def checkout(
    at: Committed, root: _Root, *, force: bool, dry_run: bool, progress: Progress = silent
) -> str:
    """As `Artifact.checkout`."""
    target = _target(at, root)
    if not dry_run:
        made(at, root, force=force, progress=progress)
    else:
        check_root(at, root, force=force)
        if not force:
            check_removed(target, checkout_plan(at, root).remove)
    return target if root is None else os.fspath(root)


def check_root(at: Committed, root: _Root, *, force: bool) -> None:
    """Refuse a root that must not be written to, or emptied."""
    target = _target(at, root)
    check_outside(at, target)
    if not force:
        check_emptied(target)


def made(at: Committed, root: _Root, *, force: bool, progress: Progress = silent) -> Plan:
    """As `Artifact.checkout`, and tells what was done: who asks before walks the folder twice.

    What is to be written is written before anything is removed.
    """
    check_root(at, root, force=force)
    target = _target(at, root)
    way, plan = _Way(target), Plan(keep=at.manifest.count)
    with way:
        differing = _noted(_differing(at, target), plan)
        if not force:
            differing = _checked(differing, target)
        write(at.workspace, target, _write(differing, way), None, progress)
        way.check_sources()
        fetch_references(at.workspace, way.references, target, allow_missing=False)
        way.sweep()
        files, references = _apart(way.folders)
        write(at.workspace, target, files, None, progress)
        fetch_references(at.workspace, references, target, allow_missing=False)
    origin.note(at, target, filled=True)
    return plan


def checkout_plan(at: Committed, root: _Root) -> Plan:
    """As `Artifact.checkout_plan`."""
    plan = Plan(keep=at.manifest.count)
    for _ in _noted(_differing(at, _target(at, root)), plan):
        pass
    return plan


def _target(at: Committed, root: _Root) -> str:
    return checkout_root(at) if root is None else os.path.abspath(root)


def _noted(differing: Iterator[_Differing], plan: Plan) -> Iterator[_Differing]:
    for extra, entries in differing:
        plan.remove += extra
        plan.write += [entry.path for entry, _ in entries]
        plan.size += sum(entry.size or 0 for entry, _ in entries)
        plan.keep -= len(entries)
        yield extra, entries


def _checked(differing: Iterator[_Differing], root: str) -> Iterator[_Differing]:
    for extra, entries in differing:
        check_removed(root, extra)
        yield extra, entries


def _apart(entries: list[Entry]) -> tuple[list[Entry], list[Entry]]:
    """Files, and references."""
    references = [entry for entry in entries if entry.reference is not None]
    return [entry for entry in entries if entry.reference is None], references


def _differing(at: Committed, root: str) -> Iterator[_Differing]:
    """Files that no entry names, and entries whose file is none or another, with whether it is.

    A file stands before the entries for which it must be a folder.
    """
    store = at.workspace.store
    prints = store.fingerprints()
    reader = FolderReader(root, prints, store.algorithm, store.clock.now())
    files = scan_columns(root, links="show") if os.path.isdir(root) else iter(())
    try:
        for entries, stats, missing, extra in side_by_side(at.manifest.entries(), files):
            found = [(entries[index], True) for index in reader.others(entries, stats)]
            if missing:
                found = sorted(
                    chain(found, zip(missing, repeat(False))), key=lambda pair: pair[0].path
                )
            yield extra, found
    finally:
        reader.close()
        prints.close()


def _write(differing: Iterator[_Differing], way: _Way) -> Iterator[Entry]:
    """The entries to write at once; notes on the way what is to go, and what has to wait."""
    for extra, entries in differing:
        way.note(extra)
        for entry, is_there in entries:
            if entry.reference is None:
                if is_there or way.is_free(entry):
                    yield entry
            elif way.is_free(entry):
                way.references.append(entry)


class _Way:
    """What stands in the way of a checkout. It goes when all else is written, or just in time."""

    def __init__(self, root: str) -> None:
        self.references: list[Entry] = []
        """References that can be fetched while all else still lies there."""
        self.folders: list[Entry] = []
        """Entries where a folder lies: written when that is gone."""
        self._root = root
        self._folder = Folder(root)
        self._paths: dict[str, None] = {}
        with disk_errors(root):
            self._was_empty = not os.listdir(root)

    def note(self, paths: list[str]) -> None:
        """Remember files that no entry names."""
        self._paths |= dict.fromkeys(paths)

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

    def check_sources(self) -> None:
        """Refuse to remove the only copy of what a reference of the version leads to."""
        root = os.path.realpath(self._root)
        references = (*self.references, *_apart(self.folders)[1])
        read = {os.path.relpath(each, root) for each in sources(references)}
        for path in self._paths if read else ():
            if not read.isdisjoint((path, *map(str, PurePath(path).parents))):
                raise FolderUnsafe(
                    f"refusing to check out into {self._root}: a reference leads to {path}"
                )

    def sweep(self) -> None:
        """Remove the files that no entry names, and the folders that lie where a file belongs."""
        for path in self._paths:
            self._folder.remove(path)
            self._folder.remove_empty(path.rpartition("/")[0])
        for entry in self.folders:
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
