"""Which versions hold what a local file or folder holds: found by digest, whatever it is called."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from wbart.errors import ArgumentInvalid
from wbart_manifest.entry import Entry
from wbart_manifest.location import EMPTY, Location
from wbart_manifest.manifest import Manifest
from wbart_manifest.tree import MemoryNodes
from wbart_storage.files.folder_hash import FolderHash, batches
from wbart_storage.files.scan import Found as Scanned
from wbart_storage.files.scan import scan

if TYPE_CHECKING:
    from wbart.fold.state import Version
    from wbart.workspace import Workspace


class Found(NamedTuple):
    """A version with the content: as a whole (path is None), or as one of its files."""

    ref: str
    path: str | None


def whatis(workspace: Workspace, path: str | os.PathLike[str]) -> Iterator[Found]:
    """The versions of the store that hold the content of a file, or are that of a folder.

    Reads every manifest of the store that is not shared with one read before.
    """
    full = os.path.abspath(path)
    if os.path.isdir(full):
        digest = str(_manifest(workspace, full).digest)
        return (
            Found(ref, None) for ref, version in _versions(workspace) if version.digest == digest
        )
    if not os.path.isfile(full):
        raise ArgumentInvalid(f"no such file or folder: {os.fspath(path)}")
    root, name = os.path.split(full)
    hashed = _hash(workspace, root, [Scanned(name, os.stat(full))])
    return _holders(workspace, next(hashed).digest)


def _holders(workspace: Workspace, digest: bytes) -> Iterator[Found]:
    known: dict[str, list[str]] = {}
    store = workspace.store
    for ref, version in _versions(workspace):
        paths = known.get(version.digest)
        if paths is None:
            manifest = Manifest.restore(store.nodes, version.manifest, store.algorithm)
            paths = [entry.path for entry in manifest.entries() if entry.digest == digest]
            known[version.digest] = paths
        for each in paths:
            yield Found(ref, each)


def _versions(workspace: Workspace) -> Iterator[tuple[str, Version]]:
    """The live versions of all sequences."""
    catalog = workspace.catalog
    for entity in catalog.entities():
        for project in catalog.projects(entity):
            for state in catalog.states(entity, project):
                for version in state.versions:
                    if version.live and version.source is None:
                        yield f"{entity}/{project}/{state.name}:v{version.number}", version


def _manifest(workspace: Workspace, root: str) -> Manifest:
    """The manifest that the folder would have; nothing is stored."""
    files = (found for batch in scan(root) for found in batch)
    return Manifest.build(MemoryNodes(), _hash(workspace, root, files), workspace.store.algorithm)


def _hash(
    workspace: Workspace, root: str, files: Iterator[Scanned] | list[Scanned]
) -> Iterator[Entry]:
    hashing = FolderHash(root, workspace.store.algorithm, workspace.jobs, follow=True)
    for batch in hashing.run(batches(files)):
        for each in map(batch.one, range(len(batch.items))):
            if each.error is not None:
                raise each.error
            yield Entry(each.item.path, each.size, each.digest, None, Location(EMPTY))
