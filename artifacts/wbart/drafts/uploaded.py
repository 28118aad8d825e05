"""What an upload needs of the stage, counted while its entries pass, and told while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock

from wbart_manifest.entry import Entry
from wbart_manifest.location import PACKED, WHOLE
from wbart_storage.progress import Event, Progress


class Needed:
    """The packs and whole blobs that new entries name, each with how many files it holds."""

    def __init__(self) -> None:
        self.packs: dict[bytes, int] = {}
        self.blobs: dict[bytes, int] = {}
        self.size = 0
        """Bytes of the files in them."""

    def note(self, entry: Entry) -> Entry:
        """Count an entry, and return it."""
        if entry.location is not None:
            if entry.location.kind == PACKED:
                self._count(self.packs, entry.location.object, entry)
            elif entry.location.kind == WHOLE:
                self._count(self.blobs, entry.digest, entry)
        return entry

    def _count(self, held: dict[bytes, int], name: bytes, entry: Entry) -> None:
        held[name] = held.get(name, 0) + 1
        self.size += entry.size or 0


class Uploaded:
    """Tells how far an upload has come. Files count when their object is stored, bytes at once.

    A `wbart_storage.staging.sending.Watcher`, safe to share between threads.
    """

    def __init__(self, needed: Needed, files: int, size: int, progress: Progress) -> None:
        self._held: Mapping[bytes, int] = {**needed.packs, **needed.blobs}
        self._total = files, size
        # What is not among the needed is in the store already.
        self._files = files - sum(self._held.values())
        self._size = max(0, size - needed.size)
        self._progress = progress
        self._lock = Lock()

    def sent(self, size: int) -> None:
        with self._lock:
            self._tell(0, size)

    def stored(self, name: bytes) -> None:
        with self._lock:
            self._tell(self._held.get(name, 0), 0)

    def begin(self) -> None:
        """Tell what is there before anything is sent."""
        self.sent(0)

    def end(self) -> None:
        """Tell that all is there; what the store had already has not been counted."""
        self._progress(Event("upload", *self._total, *self._total))

    def _tell(self, files: int, size: int) -> None:
        self._files += files
        self._size += size
        # Packs have headers: their bytes are more than those of their files.
        known = min(self._files, self._total[0]), min(self._size, self._total[1])
        self._progress(Event("upload", *known, *self._total))
