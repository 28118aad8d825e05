"""Download: a version's files written below a folder, every byte checked on the way."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from wbart import origin
from wbart.errors import IntegrityError
from wbart.fetch_references import fetch_references
from wbart.glob import matches
from wbart.root import download_root
from wbart.standing import FolderReader
from wbart_manifest.entry import Entry
from wbart_manifest.location import WHOLE
from wbart_storage.blobs import Wanted
from wbart_storage.disk import disk_errors
from wbart_storage.errors import BlobCorrupt
from wbart_storage.fetch import Fetch, Fetched, LinkMode
from wbart_storage.fingerprint import Fingerprints, Print, pack_place, racy, stamp
from wbart_storage.keys import blob_key
from wbart_storage.progress import Event, Progress
from wbart_storage.scan import Found

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
    with disk_errors(target):
        os.makedirs(target, exist_ok=True)
    references: list[Entry] = []
    entries = _files(picked.entries(at), references)
    missing = _missing(target, entries, at.workspace)
    totals = _totals(at, picked)
    write(at.workspace, target, missing, link, progress, totals, skip_cache=skip_cache)
    if references:
        fetch_references(at.workspace, references, target, allow_missing=allow_missing)
    if picked.everything:
        origin.note(at, target)
    return target if root is None else os.fspath(root)


def write(
    workspace: Workspace,
    root: str,
    entries: Iterable[Entry],
    link: LinkMode | None,
    progress: Progress,
    totals: tuple[int | None, int | None] = (None, None),
    *,
    skip_cache: bool = False,
) -> tuple[int, int]:
    """Write the entries' blobs below root and remember what they look like there.

    Returns files and bytes written. Raises IntegrityError for bytes that are not the entry's.
    """
    told = _Told(progress, totals)
    blobs = workspace.store.reading(skip_cache=skip_cache, told=told.arrived)
    fetch = Fetch(blobs, root, jobs=workspace.jobs, link=link or _link(workspace))
    prints = workspace.store.fingerprints()
    try:
        waiting = _Aging(prints, root, workspace)
        for batch in fetch.run(map(wanted, entries)):
            told.written([each.wanted for each in batch])
            waiting.add(batch)
        waiting.record()
    except BlobCorrupt as error:
        path = ": ".join((*getattr(error, "__notes__", ())[:1], str(error)))
        raise IntegrityError(path, error) from error
    finally:
        prints.close()
    return told.files, told.size


def wanted(entry: Entry) -> Wanted:
    """The blob of a file's entry."""
    assert entry.size is not None, "a file has a size"
    assert entry.location is not None, "a stored file has a location"
    return Wanted(entry.path, entry.size, entry.digest, entry.location)


class _Told:
    """Tells how far a download has come: written files, and the bytes of those under way."""

    def __init__(self, progress: Progress, totals: tuple[int | None, int | None]) -> None:
        self.files = self.size = 0
        self._progress = progress
        self._totals = totals
        self._under_way: dict[str, int] = {}
        self._lock = Lock()

    def arrived(self, key: str, size: int) -> None:
        # Only whole blobs: of a pack nobody knows whose bytes they are.
        if key.startswith("o/"):
            with self._lock:
                self._under_way[key] = self._under_way.get(key, 0) + size
                self._tell()

    def written(self, files: Sequence[Wanted]) -> None:
        with self._lock:
            self.files += len(files)
            self.size += sum(each.size for each in files)
            for each in files if self._under_way else ():
                if each.location.kind == WHOLE:
                    self._under_way.pop(blob_key(each.digest.hex(), each.location.epoch), None)
            self._tell()

    def _tell(self) -> None:
        size = self.size + sum(self._under_way.values())
        total = self._totals[1]
        size = size if total is None else min(size, total)
        self._progress(Event("download", self.files, size, *self._totals))


class _Aging:
    """Written files whose fingerprints may be kept once they are old enough to be trusted."""

    def __init__(self, prints: Fingerprints, root: str, workspace: Workspace) -> None:
        self._prints = prints
        self._root = root
        self._clock = workspace.store.clock
        self._waiting: deque[list[Fetched]] = deque()

    def add(self, batch: list[Fetched]) -> None:
        self._waiting.append(batch)
        now = int(self._clock.now() * 1e9)
        while self._waiting and not racy(self._waiting[0][-1].status, now):
            self._keep(self._waiting.popleft(), now)

    def record(self) -> None:
        now = int(self._clock.now() * 1e9)
        for batch in self._waiting:
            self._keep(batch, now)

    def _keep(self, batch: list[Fetched], now: int) -> None:
        self._prints.record(
            self._root,
            [
                Print(
                    each.path,
                    stamp(status),
                    each.digest,
                    pack_place(each.location, each.digest),
                    b"",
                )
                for each, status in batch
                if not racy(status, now)
            ],
        )


def _files(entries: Iterable[Entry], references: list[Entry]) -> Iterator[Entry]:
    """The files among entries; the references are put aside."""
    for entry in entries:
        if entry.reference is None:
            yield entry
        else:
            references.append(entry)


def _missing(root: str, entries: Iterable[Entry], workspace: Workspace) -> Iterator[Entry]:
    """The entries whose file is not there yet, or is another."""
    if not os.path.isdir(root) or not os.listdir(root):
        yield from entries
        return
    prints = workspace.store.fingerprints()
    reader = FolderReader(root, prints, workspace.store.algorithm, workspace.store.clock.now())
    try:
        for entry in entries:
            try:
                status = os.lstat(f"{root}/{entry.path}")
            except (FileNotFoundError, NotADirectoryError):
                yield entry
                continue
            if not reader.same(entry, Found(entry.path, status)):
                yield entry
    finally:
        reader.close()
        prints.close()


def _link(workspace: Workspace) -> LinkMode:
    mode = workspace.settings.link
    if mode in ("hardlink", "symlink"):
        return "hardlink" if mode == "hardlink" else "symlink"
    return "copy"


def _totals(at: Committed, picked: Selection) -> tuple[int | None, int | None]:
    return (at.manifest.count, at.manifest.size) if picked.everything else (None, None)
