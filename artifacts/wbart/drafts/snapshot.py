"""Snapshots: the manifest that a folder had when it was last logged whole.

As long as no fingerprint below the folder has changed since, a file with its fingerprint is as
the manifest says, and only the others need be looked at. That halves the time of logging a folder
again in which little or nothing has changed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from wbart.drafts.intake import Intake
from wbart.drafts.second import WandbDigests
from wbart_manifest.errors import ManifestError
from wbart_manifest.manifest import Manifest
from wbart_storage.errors import ObjectMissing
from wbart_storage.store import Store


@dataclass(frozen=True, slots=True)
class Whole:
    """A draft that is a folder, whole: as long as nothing else is done to the draft."""

    root: str
    changes: int
    """The fingerprints' count of changes before the folder was looked at."""
    edits: int
    """The draft's count of edits after it."""


def find(intake: Intake, root: str, digests: WandbDigests | None) -> Manifest | None:
    """The manifest of the folder's snapshot, if it has one that is still of use."""
    text = intake.prints.snapshot(root)
    if text is None:
        return None
    store = intake.store
    try:
        kept = json.loads(text)
        if kept["digests"] != _name(digests):
            return None
        manifest = Manifest.restore(store.nodes, kept["manifest"], store.algorithm)
        manifest.reader.data(manifest.root)
    except (ObjectMissing, ManifestError, ValueError, KeyError, TypeError):
        return None  # swept, or not ours: then everything is looked at
    return manifest


def keep(
    intake: Intake, whole: Whole, manifest: Manifest, digests: WandbDigests | None, store: Store
) -> None:
    """Keep the committed manifest of a folder, unless others touched its fingerprints meanwhile."""
    changes = whole.changes + intake.ingest.recorded(whole.root)
    if intake.store.config.store_id == store.config.store_id:
        text = json.dumps({"digests": _name(digests), "manifest": manifest.describe()})
        intake.prints.set_snapshot(whole.root, changes, text)


def _name(digests: WandbDigests | None) -> str:
    return digests.algorithm if digests is not None else ""
