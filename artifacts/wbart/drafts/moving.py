"""A draft taken along from the store it was begun for to the one that it is logged into."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from wbart.drafts.draft import Draft
from wbart.drafts.intake import Intake, entry_of
from wbart_manifest.entry import Entry
from wbart_manifest.location import EMPTY, PACKED, Location
from wbart_storage.disk import disk_errors
from wbart_storage.errors import SourceChanged
from wbart_storage.files.file_hash import FOLLOWED, hash_files
from wbart_storage.reading.blobs import Blobs, Wanted

if TYPE_CHECKING:
    from pathlib import Path

    from wbart.drafts.content import Content
    from wbart.workspace import Workspace

_LARGE = 1 << 20
"""Bytes from which on a blob passes through a file, not through memory."""


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
        lent = content.intake.stage.lent_file(location, entry.digest)
        if lent is not None:
            return _from_lent(intake, entry, lent.paths[-1], content.draft.algorithm)
    wanted = Wanted(entry.path, entry.size or 0, entry.digest, location)
    return _from_store(intake, entry, wanted, content.workspace.store.blobs)


def _from_lent(intake: Intake, entry: Entry, path: Path, algorithm: str) -> Entry:
    with intake.stage.lent():
        taken = intake.ingest.file(str(path))
    if algorithm == intake.store.algorithm:
        got = taken.digest
    else:
        folder, name = os.path.split(path)
        got = hash_files(folder, algorithm, FOLLOWED, [name]).digests[0]
    if got != entry.digest:
        raise SourceChanged(f"file changed after it was added: {path}")
    return entry_of(taken, entry.path, entry.extra)


def _from_store(intake: Intake, entry: Entry, wanted: Wanted, blobs: Blobs) -> Entry:
    if wanted.size < _LARGE:
        return entry_of(intake.ingest.data(blobs.read(wanted)), entry.path, entry.extra)
    part = intake.stage.session.new_path()
    try:
        with disk_errors(part), part.open("wb") as file:
            file.writelines(blobs.pieces(wanted))
        return entry_of(intake.ingest.file(str(part)), entry.path, entry.extra)
    finally:
        part.unlink(missing_ok=True)


def _from_file(intake: Intake, entry: Entry, staged: Path, location: Location) -> Entry:
    if location.kind != PACKED:
        taken = intake.ingest.file(str(staged))
    else:
        with staged.open("rb") as pack:
            pack.seek(location.offset)
            taken = intake.ingest.data(pack.read(location.length))
    return entry_of(taken, entry.path, entry.extra)
