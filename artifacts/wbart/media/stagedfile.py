"""The bytes of a draft's file, wherever they wait to be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbart_manifest.location import EMPTY, PACKED, Location
from wbart_storage.reading.blobs import Wanted

if TYPE_CHECKING:
    from wbart.drafts.content import Content
    from wbart_manifest.entry import Entry


def staged_bytes(content: Content, entry: Entry) -> bytes:
    """Read them from the stage, or from the store if the draft began with them."""
    location = entry.location or Location(EMPTY)
    if content.intake is not None:
        stage = content.intake.stage
        stage.packs.seal()
        location = stage.packs.place(location)
        staged = stage.staged_file(location, entry.digest)
        if staged is not None:
            with staged.open("rb") as file:
                if location.kind == PACKED:
                    file.seek(location.offset)
                    return file.read(location.length)
                return file.read()
        lent = stage.lent_file(location, entry.digest)
        if lent is not None:
            return lent.read()
    wanted = Wanted(entry.path, entry.size or 0, entry.digest, location)
    return content.workspace.store.blobs.read(wanted)
