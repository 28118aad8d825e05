"""`Artifact.add_reference`: a URI, or an entry of another artifact, becomes entries."""

from __future__ import annotations

import logging
import os
from pathlib import PurePath
from typing import TYPE_CHECKING

from wbart.entry import ArtifactManifestEntry
from wbart.references import (
    ARTIFACT_SCHEME,
    MAX_OBJECTS,
    FileReferences,
    reference,
    scheme_of,
    unknown,
)
from wbart_manifest.entry import Entry
from wbart_manifest.path import canonical

if TYPE_CHECKING:
    from wbart.content import Content

log = logging.getLogger(__name__)


def add_reference(
    content: Content,
    uri: str | ArtifactManifestEntry,
    name: str | None,
    checksum: bool,
    max_objects: int | None,
) -> list[Entry]:
    """Put the references in, all or none of them, and return their entries."""
    most = MAX_OBJECTS if max_objects is None else max_objects
    entries = _entries(content, uri, name, checksum, most)
    with content.draft.whole_or_not():
        return [content.put(entry, overwrite=False) for entry in entries]


def _entries(
    content: Content,
    uri: str | ArtifactManifestEntry,
    name: str | None,
    checksum: bool,
    most: int,
) -> list[Entry]:
    if isinstance(uri, ArtifactManifestEntry):
        return [_to_entry(uri, name)]
    scheme = scheme_of(uri)
    if scheme == ARTIFACT_SCHEME:
        return [_to_uri(content, uri, name)]
    if scheme == "file":
        files = FileReferences(content.draft.algorithm, content.digests)
        return files.entries(uri, name, checksum=checksum, max_objects=most)
    return [unknown(uri, name, log.warning)]


def _to_entry(target: ArtifactManifestEntry, name: str | None) -> Entry:
    """A reference to another artifact's entry; one that refers on is followed to its end."""
    path = canonical(name or os.path.basename(target.path))
    if target.ref is not None:
        return reference(path, target.ref, target.digest, target.size, target.extra)
    parent = target.parent_artifact()
    extra = {"artifact": parent.source_qualified_name}
    return reference(path, target.ref_url(), target.digest, 0, extra)


def _to_uri(content: Content, uri: str, name: str | None) -> Entry:
    from wbart.fetch_references import find_target

    artifact, path = find_target(content.workspace, uri)
    return _to_entry(artifact.get_entry(path), name)


def item_path(item: str | os.PathLike[str] | ArtifactManifestEntry) -> str:
    """The path that `Artifact.remove` is asked to remove."""
    if isinstance(item, ArtifactManifestEntry):
        return canonical(item.path)
    return canonical(item if isinstance(item, PurePath) else os.fspath(item))
