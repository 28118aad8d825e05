"""`Artifact.add_reference`: a URI, or an entry of another artifact, becomes entries."""

from __future__ import annotations

import logging
import os
from pathlib import PurePath
from typing import TYPE_CHECKING

from wbart.drafts.entry import ArtifactManifestEntry, shown_entry
from wbart.errors import ArgumentInvalid
from wbart.references.files import FileReferences
from wbart.references.references import (
    ARTIFACT_SCHEME,
    FILE_SCHEME,
    MAX_OBJECTS,
    reference,
    scheme_of,
    unknown,
)
from wbart.references.scrub import scrub, storable
from wbart_manifest.entry import Entry
from wbart_manifest.path import canonical
from wbart_storage.errors import KeyInvalid

if TYPE_CHECKING:
    from wbart.committed import Committed
    from wbart.drafts.content import Content

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
        return [_to_entry(uri, name, None)]
    scheme = scheme_of(uri)
    if scheme == ARTIFACT_SCHEME:
        return [_to_uri(content, uri, name)]
    if scheme == FILE_SCHEME:
        workspace = content.workspace
        roots, jobs = workspace.settings.reference_roots, workspace.jobs
        files = FileReferences(content.draft.algorithm, content.digests, roots, jobs)
        return files.entries(uri, name, checksum=checksum, max_objects=most)
    return _to_service(content, uri, name, checksum, most)


def _to_service(
    content: Content, uri: str, name: str | None, checksum: bool, most: int
) -> list[Entry]:
    """What lies in a bucket or on the web; a URI of any other scheme is only kept."""
    from wbart.references.remote import remote_entries

    outside = content.workspace.outside
    try:
        where = outside.target(uri)
        if where is not None and where.service != "http":
            # The surroundings' credentials count in buckets, so that a download has them as well.
            where = outside.target(storable(uri))
    except KeyInvalid as error:
        raise ArgumentInvalid(f"a reference names a bucket: {scrub(uri)!r}") from error
    if where is None:
        return [unknown(uri, name, log.warning)]
    return remote_entries(outside, where, uri, name, checksum=checksum, max_objects=most)


def _to_entry(target: ArtifactManifestEntry, name: str | None, at: Committed | None) -> Entry:
    """A reference to an entry of a version; one that refers on is followed to its end."""
    path = canonical(name or os.path.basename(target.path))
    if target.ref is not None:
        return reference(path, target.ref, target.digest, target.size, target.extra)
    home = at or target.parent_artifact()._at("source_qualified_name")
    extra = {"artifact": home.source_place.qualified_name}
    return reference(path, home.entry_url(target.path), target.digest, 0, extra)


def _to_uri(content: Content, uri: str, name: str | None) -> Entry:
    from wbart.references.fetch import find_target

    at, path = find_target(content.workspace, uri)
    return _to_entry(shown_entry(at.entry(path), at.manifest.algorithm, None), name, at)


def item_path(item: str | os.PathLike[str] | ArtifactManifestEntry) -> str:
    """The path that `Artifact.remove` is asked to remove."""
    if isinstance(item, ArtifactManifestEntry):
        return canonical(item.path)
    return canonical(item if isinstance(item, PurePath) else os.fspath(item))
