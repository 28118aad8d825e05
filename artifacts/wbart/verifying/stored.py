"""Verify: the store's own bytes of a version, and how they are healed from other copies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from wbart.folders.writing import wanted
from wbart.report import VerifyReport
from wbart.verifying.mirror import good_copies
from wbart.verifying.tally import Tally
from wbart_manifest.entry import Entry
from wbart_manifest.location import PACKED
from wbart_manifest.manifest import Manifest
from wbart_storage.disk import disk_errors
from wbart_storage.errors import BlobCorrupt, BlobMissing
from wbart_storage.healing import Healer
from wbart_storage.progress import Event, Progress
from wbart_storage.reading.blobs import Blobs, Wanted

if TYPE_CHECKING:
    from wbart.committed import Committed

_BATCH = 500
_LARGE = 8 << 20


def verify_stored(
    at: Committed, repair_from: str | os.PathLike[str] | None, progress: Progress
) -> VerifyReport:
    """As `Artifact.verify_stored`."""
    tally = Tally()
    total = at.manifest.count, at.manifest.size
    for batch in _batches(at.manifest.entries(), tally):
        _check(at.workspace.store.blobs, batch, tally)
        progress(Event("verify", tally.checked, tally.size, *total))
    if repair_from is not None:
        _heal(at, repair_from, tally)
    return tally.report()


def _batches(entries: Iterator[Entry], tally: Tally) -> Iterator[list[Entry]]:
    while batch := list(islice(entries, _BATCH)):
        tally.unverified += [entry.path for entry in batch if entry.reference is not None]
        yield [entry for entry in batch if entry.reference is None]


def _check(blobs: Blobs, batch: list[Entry], tally: Tally) -> None:
    small = [entry for entry in batch if (entry.size or 0) < _LARGE]
    by_path = {entry.path: entry for entry in small}
    groups = _by_object(small)
    for group in groups:
        try:
            for each, data in blobs.read_unchecked(map(wanted, group)):
                _note(by_path[each.path], _is_right(blobs, each, data), tally)
        except BlobMissing:
            tally.missing += group
    for entry in batch:
        if (entry.size or 0) >= _LARGE:
            _check_large(blobs, wanted(entry), entry, tally)


def _by_object(entries: list[Entry]) -> list[list[Entry]]:
    """Groups that fail together when an object is gone."""
    groups: dict[bytes, list[Entry]] = {}
    for entry in entries:
        location = entry.location
        packed = location is not None and location.kind == PACKED
        name = location.object if location is not None and packed else entry.digest
        groups.setdefault(name, []).append(entry)
    return list(groups.values())


def _is_right(blobs: Blobs, blob: Wanted, data: memoryview) -> bool:
    """Whether the store has the blob: what came wrong may have been spoilt on the way."""
    try:
        blobs.checked(blob, data)
    except BlobCorrupt:
        return False
    return True


def _check_large(blobs: Blobs, blob: Wanted, entry: Entry, tally: Tally) -> None:
    def read() -> None:
        for _ in blobs.pieces(blob):
            pass

    try:
        blobs.twice(blob, read)
    except BlobCorrupt:
        _note(entry, False, tally)
    except BlobMissing:
        tally.missing.append(entry)
    else:
        _note(entry, True, tally)


def _note(entry: Entry, same: bool, tally: Tally) -> None:
    tally.checked += 1
    tally.size += entry.size or 0
    if not same:
        tally.changed.append(entry)


def _heal(at: Committed, source: str | os.PathLike[str], tally: Tally) -> None:
    store = at.workspace.store
    with disk_errors(store.local):
        store.local.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="healing-", dir=store.local) as folder:
        healer = Healer(
            store.objects,
            store.blobs,
            good_copies(at, source),
            partial(_members, at.manifest),
            Path(folder),
        )
        healed = healer.heal(map(wanted, tally.faulty()))
        tally.repaired += sorted(each.path for each in healed)


def _members(manifest: Manifest, pack: bytes) -> Iterator[Wanted]:
    """What of the version lies in a pack."""
    for entry in manifest.entries():
        location = entry.location
        if location is not None and location.kind == PACKED and location.object == pack:
            yield wanted(entry)
