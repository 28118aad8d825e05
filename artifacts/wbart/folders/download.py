"""Download: a version written below a folder, its files and what its references lead to."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wbart.folders import origin
from wbart.folders.glob import matches
from wbart.folders.root import check_outside, download_root
from wbart.folders.standing import FolderReader
from wbart.folders.writing import write
from wbart.references.fetch import fetch_references
from wbart_manifest.entry import Entry
from wbart_storage.disk import disk_errors
from wbart_storage.files.scan import Found
from wbart_storage.progress import Progress
from wbart_storage.reading.fetch import LinkMode

if TYPE_CHECKING:
    from wbart.committed import Committed
    from wbart.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Selection:
    """Which paths are meant: those with the prefix, of these those included and not excluded."""

    prefix: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def entries(self, at: Committed) -> Iterator[Entry]:
        """The entries that are meant, sorted by path."""
        for entry in at.manifest.entries(self.prefix):
            if self.include and not matches(entry.path, self.include):
                continue
            if self.exclude and matches(entry.path, self.exclude):
                continue
            yield entry

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return not (self.prefix or self.include or self.exclude)


def download(
    at: Committed,
    root: str | os.PathLike[str] | None,
    picked: Selection,
    allow_missing: bool,
    link: LinkMode | None,
    progress: Progress,
    *,
    skip_cache: bool = False,
) -> str:
    """As `Artifact.download`."""
    target = download_root(at) if root is None else os.path.abspath(root)
    check_outside(at, target)
    with disk_errors(target):
        os.makedirs(target, exist_ok=True)
        filled = not os.listdir(target) or origin.filled(at.workspace, target)
    references: list[Entry] = []
    entries = _files(picked.entries(at), references)
    missing = _missing(target, entries, at.workspace)
    totals = _totals(at, picked)
    write(at.workspace, target, missing, link, progress, totals, skip_cache=skip_cache)
    if references:
        fetch_references(at.workspace, references, target, allow_missing=allow_missing)
    if picked.everything:
        origin.note(at, target, filled=filled)
    return target if root is None else os.fspath(root)


def _files(entries: Iterable[Entry], references: list[Entry]) -> Iterator[Entry]:
    """The files among entries; the references are put aside."""
    for entry in entries:
        if entry.reference is None:
            yield entry
        else:
            references.append(entry)


def _missing(root: str, entries: Iterable[Entry], workspace: Workspace) -> Iterator[Entry]:
    """The entries whose file is not there yet, or is another."""
    with disk_errors(root):
        is_empty = not os.path.isdir(root) or not os.listdir(root)
    if is_empty:
        yield from entries
        return
    prints = workspace.store.fingerprints()
    reader = FolderReader(root, prints, workspace.store.algorithm, workspace.store.clock.now())
    try:
        for entry in entries:
            try:
                status = os.lstat(f"{root}/{entry.path}")
            except OSError:  # whatever is in the way there, who writes it will tell
                yield entry
                continue
            if not reader.same(entry, Found(entry.path, status)):
                yield entry
    finally:
        reader.close()
        prints.close()


def _totals(at: Committed, picked: Selection) -> tuple[int | None, int | None]:
    return (at.manifest.count, at.manifest.size) if picked.everything else (None, None)
