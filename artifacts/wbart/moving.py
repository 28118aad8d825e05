"""A draft taken along from the store it was begun for to the one that it is logged into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbart.draft import Draft
from wbart.intake import Intake, entry_of
from wbart_manifest.entry import Entry
from wbart_manifest.location import EMPTY, PACKED, Location
from wbart_storage.blobs import Blobs, Wanted

if TYPE_CHECKING:
    from pathlib import Path

    from wbart.content import Content
    from wbart.workspace import Workspace


def moved(content: Content, workspace: Workspace) -> tuple[Draft, Intake]:
    """The same entries for another store, their bytes read once and checked on the way."""
    second = content.digests.second if content.digests is not None else None
    intake = Intake(workspace.store, second, workspace.jobs)
    draft = Draft(workspace.store.algorithm)
    try:
        if content.intake is not None:
            content.intake.stage.packs.seal()
        for entry in content.draft.entries():
            draft.put(entry if entry.reference else _moved(content, intake, entry))
    except BaseException:
        intake.close()
        raise
    return draft, intake


def _moved(content: Content, intake: Intake, entry: Entry) -> Entry:
    location = entry.location or Location(EMPTY)
    if content.intake is not None:
        location = content.intake.stage.packs.place(location)
        staged = content.intake.stage.staged_file(location, entry.digest)
        if staged is not None:
            return _from_file(intake, entry, staged, location)
    wanted = Wanted(entry.path, entry.size or 0, entry.digest, location)
    blobs: Blobs = content.workspace.store.blobs
    return entry_of(intake.ingest.data(blobs.read(wanted)), entry.path, entry.extra)


def _from_file(intake: Intake, entry: Entry, staged: Path, location: Location) -> Entry:
    if location.kind != PACKED:
        taken = intake.ingest.file(str(staged))
    else:
        with staged.open("rb") as pack:
            pack.seek(location.offset)
            taken = intake.ingest.data(pack.read(location.length))
    return entry_of(taken, entry.path, entry.extra)
