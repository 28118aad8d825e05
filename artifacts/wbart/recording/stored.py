"""Files of runs on their way into the store and back: blobs, as those of artifacts are."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from wbart.drafts.intake import Intake
from wbart.recording.record import FileFact
from wbart_manifest.digest import Digest
from wbart_manifest.location import EMPTY, PACKED, WHOLE, Location
from wbart_storage.reading.blobs import Wanted
from wbart_storage.staging.stage import settle

if TYPE_CHECKING:
    from wbart.workspace import Workspace
    from wbart_storage.staging.ingest import Taken


def put_files(workspace: Workspace, files: Mapping[str, Path]) -> dict[str, FileFact]:
    """Store local files, durable when this returns; what a record may then say of each path.

    Raises SourceChanged for a file that is not there or keeps changing; no path is said yet then.
    """
    store = workspace.store
    intake = Intake(store, None, workspace.jobs)
    try:
        taken = {path: intake.ingest.file(str(local)) for path, local in files.items()}
        intake.stage.packs.seal()
        intake.ingest.finish()
        placed = {path: intake.stage.packs.place(each.location) for path, each in taken.items()}
        packs = {each.object for each in placed.values() if each.kind == PACKED}
        blobs = {taken[path].digest for path, each in placed.items() if each.kind == WHOLE}
        settle(store.objects, intake.stage.publish(store.objects, packs, blobs))
        intake.stage.tidy(store.objects)
    finally:
        intake.close()
    now = store.clock.now()
    return {
        path: _fact(path, each, placed[path], store.algorithm, now) for path, each in taken.items()
    }


def wanted_file(path: str, fact: FileFact) -> Wanted:
    """What a file of a run is to the store's readers. Raises DigestInvalid."""
    if fact.size == 0:
        location = Location(EMPTY)
    elif fact.pack:
        location = Location(PACKED, bytes.fromhex(fact.pack), fact.offset, fact.size)
    else:
        location = Location(WHOLE)
    return Wanted(path, fact.size, Digest.parse(fact.digest).raw, location)


def _fact(path: str, taken: Taken, place: Location, algorithm: str, now: float) -> FileFact:
    packed = place.kind == PACKED
    return FileFact(
        str(Digest(algorithm, taken.digest)),
        taken.size,
        now,
        mimetypes.guess_type(path)[0] or "",
        "",
        place.object.hex() if packed else "",
        place.offset if packed else 0,
    )
