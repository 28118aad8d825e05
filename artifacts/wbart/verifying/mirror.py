"""Where a damaged store is healed from: a folder, this machine's cache, or another store."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from wbart.copying.target import open_target
from wbart.errors import ArgumentInvalid
from wbart_manifest.manifest import Manifest
from wbart_storage.good_copies import CachedCopies, FolderCopies, GoodCopies, MirroredCopies
from wbart_storage.keys import CONFIG_KEY
from wbart_storage.reading.blobs import Wanted

if TYPE_CHECKING:
    from wbart.committed import Committed
    from wbart.fold.state import CollectionState, Version
    from wbart.workspace import Workspace

CACHE = "cache"
"""What names the cache; a folder of that name is `./cache`."""


def good_copies(at: Committed, source: str | os.PathLike[str]) -> GoodCopies:
    """What the text names: `cache`, the URL or the root of a store, or a folder of files.

    Raises ArgumentInvalid for what is none of them, StoreMissing for a URL without a store.
    """
    text = os.fspath(source)
    if text == CACHE:
        cache = at.workspace.store.cache
        if cache is None:
            raise ArgumentInvalid("this store has no cache: its own objects are on this machine")
        return CachedCopies(cache)
    if "://" in text or os.path.isfile(os.path.join(text, CONFIG_KEY)):
        return _mirrored(at, text)
    if not os.path.isdir(text):
        raise ArgumentInvalid(f"neither a folder nor a store to heal from: {text!r}")
    return FolderCopies(os.path.abspath(text))


def _mirrored(at: Committed, url: str) -> GoodCopies:
    workspace = open_target(at.workspace, url, None, create=False, dry_run=False)
    store = workspace.store
    same = next(_same(at, workspace), None)
    manifest = None
    if same is not None:
        manifest = Manifest.restore(store.nodes, same.manifest, store.algorithm)

    def find(wanted: Wanted) -> Wanted | None:
        entry = manifest.get(wanted.path) if manifest is not None else None
        if entry is None or entry.location is None or entry.size is None:
            return None
        return Wanted(entry.path, entry.size, entry.digest, entry.location)

    return MirroredCopies(store.objects, store.blobs, find)


def _same(at: Committed, workspace: Workspace) -> Iterator[Version]:
    """The versions of a store with the same content, or that are copies; likely ones first."""
    origin = at.source.origin.id if at.source.origin is not None else at.source.id
    for state in _states(at, workspace):
        for version in reversed(state.versions):
            known = version.origin.id if version.origin is not None else version.id
            if version.manifest and (version.digest == at.source.digest or known == origin):
                yield version


def _states(at: Committed, workspace: Workspace) -> Iterator[CollectionState]:
    catalog, home = workspace.catalog, at.source_place.home
    if catalog.exists(*home):
        yield catalog.state(*home)
    yield from chain.from_iterable(
        catalog.states(entity, project)
        for entity in catalog.entities()
        for project in catalog.projects(entity)
    )
