"""What one upload knew of its files before, and what it learnt: fingerprints in and out.

A fingerprint is worth keeping only with the place of the bytes, and the place of a small blob is
known only when its pack is closed; until then it waits here.
"""

from __future__ import annotations

from collections.abc import Iterator

from wbart_manifest.location import PACKED, Location
from wbart_storage.fingerprint import Fingerprints, Print, pack_place
from wbart_storage.staged_packs import StagedPacks, is_token


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
    """Fingerprints that wait for the place of their bytes. Serves one thread."""

    def __init__(self, fingerprints: Fingerprints, packs: StagedPacks) -> None:
        self._fingerprints = fingerprints
        self._packs = packs
        self._ready: list[tuple[str, Print, Location]] = []
        self._waiting: dict[bytes, list[tuple[str, Print, Location]]] = {}

    def note(self, root: str, found: Print, location: Location) -> None:
        """Take a fingerprint in; one with an empty stamp only teaches the place of its digest."""
        item = (root, found, location)
        if location.kind == PACKED and is_token(location.object):
            self._waiting.setdefault(location.object, []).append(item)
        else:
            self._ready.append(item)

    def settle(self) -> None:
        """Write down whatever has its place by now."""
        for token in list(self._waiting):
            if self._packs.place(self._waiting[token][0][2]) is not self._waiting[token][0][2]:
                self._ready += self._waiting.pop(token)
        if not self._ready:
            return
        prints: dict[str, list[Print]] = {}
        places: dict[bytes, bytes] = {}
        for root, found, location in self._ready:
            place = places[found.digest] = pack_place(self._packs.place(location))
            if found.stamp:
                prints.setdefault(root, []).append(found._replace(place=place))
        self._ready = []
        for root, each in prints.items():
            self._fingerprints.record(root, each)
        self._fingerprints.record_places(places.items())
