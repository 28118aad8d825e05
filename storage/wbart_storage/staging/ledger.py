"""What one upload knew of its files before, and what it learnt: fingerprints in and out.

A fingerprint is worth keeping only with the place of the bytes, and the place of a small blob is
known only when its pack is closed; until then it waits here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future

from wbart_manifest.location import PACKED, Location
from wbart_storage.files.fingerprint import Fingerprints, Print, pack_place
from wbart_storage.staging.staged_packs import StagedPacks, is_token
from wbart_storage.workers import Workers

_GATHERED = 131_072
"""Places that are written at once: digests lie anywhere, and each time changes nearly all pages."""


class Known:
    """Walks sorted fingerprints beside a sorted scan, and notes those that the scan lacks."""

    def __init__(self, prints: Iterator[Print]) -> None:
        self._prints = prints
        self._next = next(prints, None)
        self._gone: list[str] = []

    def at(self, path: str) -> Print | None:
        """The fingerprint of path; paths are asked for in ascending order."""
        while self._next is not None and self._next.path < path:
            self._gone.append(self._next.path)
            self._next = next(self._prints, None)
        if self._next is None or self._next.path != path:
            return None
        found, self._next = self._next, next(self._prints, None)
        return found

    def gone(self) -> list[str]:
        """The paths that were never asked for; ends the walk."""
        while self._next is not None:
            self._gone.append(self._next.path)
            self._next = next(self._prints, None)
        return self._gone


class Ledger:
    """Fingerprints that wait for the place of their bytes. Serves one thread.

    Writing them down runs behind the caller, on a connection of its own.
    """

    def __init__(self, fingerprints: Fingerprints, packs: StagedPacks) -> None:
        self._fingerprints = fingerprints.again()
        self._packs = packs
        self._ready: list[_Noted] = []
        self._waiting: dict[bytes, list[_Noted]] = {}
        self._writer = Workers(1, "wbart-ledger")
        self._written: Future[None] | None = None
        self._places: dict[bytes, bytes] = {}
        self.recorded: dict[str, int] = {}
        """How many times the prints below a root were changed from here."""

    def note(self, root: str, found: Print, location: Location) -> None:
        """Take a fingerprint in."""
        item = (root, found, location)
        if location.kind == PACKED and is_token(location.object):
            self._waiting.setdefault(location.object, []).append(item)
        else:
            self._ready.append(item)

    def settle(self) -> None:
        """Begin to write down whatever has its place by now."""
        for token in list(self._waiting):
            first = self._waiting[token][0][2]
            if self._packs.place(first) is not first:
                place = self._packs.place
                self._ready += [(a, b, place(c)) for a, b, c in self._waiting.pop(token)]
        if self._ready:
            self._wait()
            ready, self._ready = self._ready, []
            self._written = self._writer.submit(self._write, ready)

    def forget(self, root: str, gone: Iterable[str]) -> None:
        """Forget the fingerprints of files that are gone."""
        self._wait()
        self._record(root, (), gone)

    def finish(self) -> None:
        """Wait until all that is settled is written; raises what went wrong."""
        self._wait()
        self._write_places()

    def _wait(self) -> None:
        if self._written is not None:
            self._written.result()
            self._written = None

    def close(self) -> None:
        """End the writing."""
        self._writer.shutdown()
        self._fingerprints.close()

    def _record(self, root: str, prints: Iterable[Print], gone: Iterable[str]) -> None:
        self._fingerprints.record(root, prints, gone)
        self.recorded[root] = self.recorded.get(root, 0) + 1

    def _write(self, ready: list[_Noted]) -> None:
        prints: dict[str, list[Print]] = {}
        for root, found, location in ready:
            place = self._places[found.digest] = pack_place(location, found.digest)
            prints.setdefault(root, []).append(
                Print(found.path, found.stamp, found.digest, place, found.wandb)
            )
        for root, each in prints.items():
            self._record(root, each, ())
        if len(self._places) >= _GATHERED:
            self._write_places()

    def _write_places(self) -> None:
        if self._places:
            places, self._places = self._places, {}
            self._fingerprints.record_places(places.items())


_Noted = tuple[str, Print, Location]
