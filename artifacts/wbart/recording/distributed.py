"""Distributed drafts: several writers each store a shard, and one of them makes the version.

A shard is stored bytes and a manifest that nothing names yet but an object under `pending/`.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, cast

from wbart.drafts.upload import upload
from wbart.errors import CommError
from wbart_manifest.manifest import Manifest
from wbart_storage.errors import JournalCorrupt
from wbart_storage.journal import canonical
from wbart_storage.keys import shard_key, shard_prefix
from wbart_storage.progress import silent

if TYPE_CHECKING:
    from wbart.drafts.saving import Loggable
    from wbart.workspace import Workspace

VERSION = 1


class Shards:
    """The shards that wait for one version: those of one collection and distributed id."""

    def __init__(
        self, workspace: Workspace, entity: str, project: str, name: str, distributed_id: str
    ) -> None:
        self._workspace = workspace
        self._prefix = shard_prefix(entity, project, name, distributed_id)

    def put(self, loggable: Loggable) -> None:
        """Store what the draft holds as one more shard, durable when this returns."""
        facts, content = loggable
        content.move_to(self._workspace)
        store = self._workspace.store
        manifest = upload(content.draft, content.intake, store, None, silent)
        document = {"v": VERSION, "type": facts.type, "manifest": manifest.describe()}
        key = shard_key(self._prefix, secrets.token_hex(16))
        store.objects.put(key, canonical.encode(document))

    def merge_into(self, loggable: Loggable) -> list[str]:
        """Put the entries of all shards into the draft; the keys of the shards.

        Raises EntryClash when two writers had other content at one path: neither is given up.
        """
        keys = [stat.key for stat in self._workspace.store.objects.list(self._prefix)]
        facts, content = loggable
        content.move_to(self._workspace)
        for key in keys:
            for entry in self._manifest(key, facts.type).entries():
                content.put(entry, overwrite=False)
        return keys

    def forget(self, keys: list[str]) -> None:
        """Delete shards whose entries a version has taken over."""
        self._workspace.store.objects.delete(keys)

    def _manifest(self, key: str, type: str) -> Manifest:
        store = self._workspace.store
        document = canonical.decode(store.objects.get(key))
        if not isinstance(document, dict) or document.get("v") != VERSION:
            raise JournalCorrupt(key, "no shard of a version that this release knows")
        if document["type"] != type:
            raise CommError(f"shard {key} is of type {document['type']!r}, not {type!r}")
        described = cast("dict[str, object]", document["manifest"])
        return Manifest.restore(store.nodes, described, store.algorithm)
