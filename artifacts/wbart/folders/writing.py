"""Writing: the blobs of entries as files below a folder, every byte checked on the way."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from threading import Lock
from typing import TYPE_CHECKING

from wbart.errors import IntegrityError
from wbart_manifest.entry import Entry
from wbart_manifest.location import WHOLE
from wbart_storage.errors import BlobCorrupt
from wbart_storage.files.fingerprint import Fingerprints, Print, pack_place
from wbart_storage.files.stamp import racy
from wbart_storage.keys import blob_key
from wbart_storage.progress import Event, Progress
from wbart_storage.reading.blobs import Wanted
from wbart_storage.reading.fetch import Fetch, Fetched, LinkMode

if TYPE_CHECKING:
    from wbart.workspace import Workspace


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
        while self._waiting and not racy(self._waiting[0][-1].changed, now):
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
                    stamp,
                    each.digest,
                    pack_place(each.location, each.digest),
                    b"",
                )
                for each, stamp, changed in batch
                if not racy(changed, now)
            ],
        )


def _link(workspace: Workspace) -> LinkMode:
    mode = workspace.settings.link
    if mode in ("hardlink", "symlink"):
        return "hardlink" if mode == "hardlink" else "symlink"
    return "copy"
