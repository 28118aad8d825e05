"""What lies in a folder already, compared with a manifest: by fingerprints, else by reading."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import chain
from stat import S_ISREG
from typing import NamedTuple

from wbart_manifest.entry import Entry
from wbart_storage.disk import source_error
from wbart_storage.fingerprint import Fingerprints, stamp
from wbart_storage.ledger import Known
from wbart_storage.pump import Pump
from wbart_storage.scan import Found, scan


class Standing(NamedTuple):
    """One path of a manifest, of a folder, or of both."""

    path: str
    entry: Entry | None
    found: Found | None
    same: bool
    """Whether the file has the entry's content, as far as was asked."""


class FolderReader:
    """Tells whether files of one folder have the content that entries name. Serves one thread."""

    def __init__(self, root: str, prints: Fingerprints, algorithm: str) -> None:
        self._root = root
        self._known = Known(prints.below(root))
        self._pump = Pump(algorithm)

    def same(self, entry: Entry, found: Found) -> bool:
        """Whether the file is the entry's: by its fingerprint, else by its bytes."""
        if not S_ISREG(found.stat.st_mode) or found.stat.st_size != entry.size:
            return False
        known = self._known.at(found.path)
        if known is not None and known.stamp == stamp(found.stat):
            return known.digest == entry.digest
        return self.digest(found.path) == entry.digest

    def digest(self, path: str) -> bytes:
        """The digest of a file's bytes as they are now."""
        full = f"{self._root}/{path}"
        try:
            fd = os.open(full, os.O_RDONLY | os.O_CLOEXEC)
            try:
                return self._pump.digest(fd)[0]
            finally:
                os.close(fd)
        except OSError as error:
            raise source_error(error, full) from error

    def close(self) -> None:
        """Let go of the threads."""
        self._pump.close()


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
