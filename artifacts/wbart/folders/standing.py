"""What lies in a folder already, compared with a manifest: by fingerprints, else by reading.

Both are walked by the batch, since nearly all of a folder is mostly as it should be.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from stat import S_ISREG
from typing import NamedTuple

from wbart_manifest.entry import Entry
from wbart_storage.files.file_hash import COMPARED, hash_files
from wbart_storage.files.fingerprint import Fingerprints, Print, pack_place
from wbart_storage.files.recall import Recall
from wbart_storage.files.scan import BATCH, Columns, Found
from wbart_storage.files.stamp import changed, racy, stamp


class Stretch(NamedTuple):
    """Some paths that follow each other in a manifest, in a folder, or in both."""

    entries: list[Entry]
    """Those of which there is a file."""
    stats: list[os.stat_result]
    """The status of each such file; empty if none was asked for."""
    missing: list[Entry]
    extra: list[str]


class FolderReader:
    """Tells whether files of one folder have the content that entries name. Serves one thread.

    What it had to read it remembers, so that the next one need not.
    """

    def __init__(self, root: str, prints: Fingerprints, algorithm: str, now: float) -> None:
        self._root = root
        self._prints = prints
        self._recall = Recall(prints.digests_below(root))
        self._algorithm = algorithm
        self._now_ns = int(now * 1e9)
        self._learnt: list[Print] = []

    def same(self, entry: Entry, found: Found) -> bool:
        """Whether the file is the entry's: by its fingerprint, else by its bytes."""
        return not self.others([entry], [found.stat])

    def others(self, entries: list[Entry], stats: list[os.stat_result]) -> list[int]:
        """Which of the files are not those that the entries name; references never are.

        Entries come in ascending order of path.
        """
        marks = list(map(stamp, stats))
        found = self._recall.digests([entry.path for entry in entries], marks)
        wanted = [entry.digest for entry in entries]
        if found == wanted and b"" not in wanted:
            return []
        unread = [
            index
            for index, digest in enumerate(found)
            if not digest and _may_be(entries[index], stats[index])
        ]
        for index, digest in zip(unread, self._read(entries, unread), strict=True):
            found[index] = digest
            if digest == wanted[index]:
                self._learn(entries[index], stats[index], marks[index])
        return [
            index
            for index, entry in enumerate(entries)
            if found[index] != entry.digest or entry.reference is not None
        ]

    def _read(self, entries: list[Entry], which: list[int]) -> list[bytes]:
        paths = [entries[index].path for index in which]
        found = hash_files(self._root, self._algorithm, COMPARED, paths)
        for error in found.errors.values():
            raise error
        return found.digests

    def _learn(self, entry: Entry, status: os.stat_result, mark: bytes) -> None:
        if entry.location is not None and not racy(changed(status), self._now_ns):
            place = pack_place(entry.location, entry.digest)
            self._learnt.append(Print(entry.path, mark, entry.digest, place, b""))

    def close(self) -> None:
        """Write down what was learnt."""
        if self._learnt:
            self._prints.record(self._root, self._learnt)


def _may_be(entry: Entry, status: os.stat_result) -> bool:
    return S_ISREG(status.st_mode) and status.st_size == entry.size and entry.reference is None


def side_by_side(entries: Iterator[Entry], files: Iterable[Columns]) -> Iterator[Stretch]:
    """Walk entries and files side by side, both sorted by path; statuses may be left out."""
    ahead: list[Entry] = []
    for paths, stats in files:
        count = len(paths)
        ahead += islice(entries, max(0, count - len(ahead)))
        if [entry.path for entry in ahead[:count]] == paths:
            yield Stretch(ahead[:count], stats, [], [])
            del ahead[:count]
        else:
            yield from _merged(ahead, entries, paths, stats)
    while ahead := ahead or list(islice(entries, BATCH)):
        yield Stretch([], [], ahead[:BATCH], [])
        del ahead[:BATCH]


def _merged(
    ahead: list[Entry], entries: Iterator[Entry], paths: list[str], stats: list[os.stat_result]
) -> Iterator[Stretch]:
    """One batch of files beside the entries up to its last; those beyond it stay ahead."""
    at, stretch = 0, Stretch([], [], [], [])
    for index, path in enumerate(paths):
        while at < len(ahead) or _more(ahead, entries):
            if ahead[at].path >= path:
                break
            stretch.missing.append(ahead[at])
            at += 1
            if at >= BATCH:
                del ahead[:at]
                yield stretch
                at, stretch = 0, Stretch([], [], [], [])
        if at < len(ahead) and ahead[at].path == path:
            stretch.entries.append(ahead[at])
            stretch.stats.extend(stats[index : index + 1])
            at += 1
        else:
            stretch.extra.append(path)
    del ahead[:at]
    yield stretch


def _more(ahead: list[Entry], entries: Iterator[Entry]) -> bool:
    before = len(ahead)
    ahead += islice(entries, BATCH)
    return len(ahead) > before
