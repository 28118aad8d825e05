"""Copies between stores that name content by different digests: all bytes are taken in anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from wbart.copying.objects import Sent
from wbart.drafts.draft import Draft
from wbart.drafts.intake import Intake
from wbart.drafts.upload import upload
from wbart.folders.writing import wanted as wanted_blob
from wbart_manifest.entry import Entry
from wbart_manifest.location import EMPTY, Location
from wbart_manifest.manifest import Manifest
from wbart_storage.disk import disk_errors
from wbart_storage.progress import Event, Progress
from wbart_storage.staging.ingest import Taken
from wbart_storage.store import Store

_BATCH = 500
_LARGE = 1 << 20
"""Bytes from which on a blob passes through a file, not through memory."""


def converted(
    source: Store,
    target: Store,
    manifest: Manifest,
    base: Manifest | None,
    jobs: int,
    progress: Progress,
) -> tuple[Manifest, Sent]:
    """The same entries under the target's digests, in the target; how much of what was read.

    Every byte is checked against the source's digest on the way. W&B's digests stay as they are.
    Raises BlobCorrupt, BlobMissing; then nothing was sent.
    """
    intake = Intake(target, None, jobs)
    draft = Draft(target.algorithm)
    files = size = 0
    try:
        entries = manifest.entries()
        while batch := list(islice(entries, _BATCH)):
            for entry in _taken_in(source, intake, batch):
                draft.replace(entry)
            files += len(batch)
            size += sum(each.size or 0 for each in batch)
            progress(Event("hash", files, size, manifest.count, manifest.size))
        found = upload(draft, intake, target, base, progress)
    finally:
        intake.close()
    return found, Sent(manifest.count, manifest.size)


def _taken_in(source: Store, intake: Intake, batch: Iterable[Entry]) -> Iterator[Entry]:
    small: dict[str, Entry] = {}
    for entry in batch:
        if entry.reference is not None:
            yield entry
        elif entry.location is None or entry.location.kind == EMPTY:
            yield _entry(entry, intake.ingest.data(b""))
        elif (entry.size or 0) < _LARGE:
            small[entry.path] = entry
        else:
            yield _entry(entry, _large(source, intake, entry))
    for each, data in source.blobs.read_many(map(wanted_blob, small.values())):
        yield _entry(small[each.path], intake.ingest.data(bytes(data)))


def _large(source: Store, intake: Intake, entry: Entry) -> Taken:
    part = intake.stage.session.new_path()
    try:
        with disk_errors(part), part.open("wb") as file:
            file.writelines(source.blobs.pieces(wanted_blob(entry)))
        return intake.ingest.file(str(part))
    finally:
        part.unlink(missing_ok=True)


def _entry(entry: Entry, taken: Taken) -> Entry:
    place = taken.location or Location(EMPTY)
    return Entry(entry.path, taken.size, taken.digest, None, place, entry.wandb, entry.extra)
