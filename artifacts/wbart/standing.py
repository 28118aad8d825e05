"""What lies in a folder already, compared with a manifest: by fingerprints, else by reading."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import chain
from stat import S_ISREG
from typing import NamedTuple

from wbart_manifest.entry import Entry
from wbart_storage.file_hash import COMPARED, hash_files
from wbart_storage.fingerprint import Fingerprints, Print, pack_place, racy, stamp
from wbart_storage.ledger import Known
from wbart_storage.scan import Found, scan


class Standing(NamedTuple):
    """One path of a manifest, of a folder, or of both."""

    path: str
    entry: Entry | None
    found: Found | None
    same: bool
    """Whether the file has the entry's content, as far as was asked."""


class FolderReader:
    """Tells whether files of one folder have the content that entries name. Serves one thread.

    What it had to read it remembers, so that the next one need not.
    """

    def __init__(self, root: str, prints: Fingerprints, algorithm: str, now: float) -> None:
        self._root = root
        self._prints = prints
        self._known = Known(prints.below(root))
        self._algorithm = algorithm
        self._now_ns = int(now * 1e9)
        self._learnt: list[Print] = []

    def same(self, entry: Entry, found: Found) -> bool:
        """Whether the file is the entry's: by its fingerprint, else by its bytes."""
        if not S_ISREG(found.stat.st_mode) or found.stat.st_size != entry.size:
            return False
        known, mark = self._known.at(found.path), stamp(found.stat)
        if known is not None and known.stamp == mark:
            return known.digest == entry.digest
        if self._digest(found.path) != entry.digest:
            return False
        if entry.location is not None and not racy(found.stat, self._now_ns):
            place = pack_place(entry.location, entry.digest)
            self._learnt.append(Print(found.path, mark, entry.digest, place, b""))
        return True

    def _digest(self, path: str) -> bytes:
        found = hash_files(self._root, self._algorithm, COMPARED, [path])
        if found.errors:
            raise found.errors[0]
        return found.digests[0]

    def close(self) -> None:
        """Write down what was learnt."""
        if self._learnt:
            self._prints.record(self._root, self._learnt)


def standings(
    root: str, entries: Iterator[Entry], same: Callable[[Entry, Found], bool]
) -> Iterator[Standing]:
    """Walk a manifest and a folder side by side."""
    files = scan(root, links="show") if os.path.isdir(root) else iter(())
    return side_by_side(entries, chain.from_iterable(files), same)


def side_by_side(
    entries: Iterator[Entry],
    files: Iterator[Found],
    same: Callable[[Entry, Found], bool] | None,
) -> Iterator[Standing]:
    """Walk entries and files side by side, both sorted by path.

    Without `same` nothing is asked of the files but that they are there.
    """
    found = next(files, None)
    for entry in entries:
        while found is not None and found.path < entry.path:
            yield Standing(found.path, None, found, False)
            found = next(files, None)
        if found is None or found.path != entry.path:
            yield Standing(entry.path, entry, None, False)
            continue
        is_same = same is not None and entry.reference is None and same(entry, found)
        yield Standing(entry.path, entry, found, is_same)
        found = next(files, None)
    while found is not None:
        yield Standing(found.path, None, found, False)
        found = next(files, None)
