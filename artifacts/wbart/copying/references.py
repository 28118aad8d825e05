"""References of copied versions to other artifacts: whom they mean, and whether the target has it.

A reference travels as it is. One that leads to a bucket leads there from anywhere; one that leads
to an artifact of the store is followed in the store in which it is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbart.errors import CollectionNotFound, NotFound, RefInvalid
from wbart.refs.loading import load, load_by_id, view
from wbart.refs.wandb_url import WANDB_URL, split_wandb_url
from wbart_manifest.entry import Reference
from wbart_manifest.errors import ManifestCorrupt
from wbart_storage.errors import ObjectMissing

if TYPE_CHECKING:
    from wbart.committed import Committed
    from wbart.workspace import Workspace
    from wbart_manifest.manifest import Manifest
    from wbart_manifest.node import Node

_NONE: frozenset[str] = frozenset()


class References:
    """The artifacts that versions refer to, by id or path.

    Versions share most nodes, and name few artifacts: each is looked at once.
    """

    def __init__(self, source: Workspace, target: Workspace) -> None:
        self._source = source
        self._target = target
        self._below: dict[bytes, frozenset[str]] = {}
        self._meant: dict[str, Committed | None] = {}
        self._there: dict[str, bool] = {}

    def of(self, near: Manifest, far: Manifest) -> frozenset[str]:
        """What entries refer to; far is asked, which has the same ones, if near is damaged."""
        try:
            return self._named_below(near, near.root)
        except (ManifestCorrupt, ObjectMissing):
            return self._named_below(far, far.root)

    def meant(self, name: str) -> Committed | None:
        """The version of that id or path at the source; None if that has none."""
        if name not in self._meant:
            self._meant[name] = _find(self._source, name)
        return self._meant[name]

    def is_at_target(self, name: str) -> bool:
        """Whether who reads the reference at the target finds what it leads to."""
        if name not in self._there:
            meant = self.meant(name)
            there = meant is not None and _has(self._target, meant)
            self._there[name] = there or _find(self._target, name) is not None
        return self._there[name]

    def _named_below(self, manifest: Manifest, node: Node) -> frozenset[str]:
        found = self._below.get(node.id)
        if found is None:
            found = self._below[node.id] = self._read(manifest, node) or _NONE
        return found

    def _read(self, manifest: Manifest, node: Node) -> frozenset[str]:
        if node.level == 1:
            entries = manifest.reader.leaf(node, None)
            return _NONE.union(*(_artifacts_of(entry.reference) for entry in entries))
        children = manifest.reader.branch(node, None)
        return _NONE.union(*(self._named_below(manifest, child) for child in children))


def _artifacts_of(reference: Reference | None) -> tuple[str, ...]:
    """The artifact that the reference leads to, by its id or path; none for any other."""
    if reference is None or not reference.uri.startswith(WANDB_URL):
        return ()
    try:
        id_, path, _ = split_wandb_url(reference.uri)
    except RefInvalid:
        return ()
    return (id_ or path,)


def _find(workspace: Workspace, name: str) -> Committed | None:
    try:
        return load(workspace, name) if "/" in name else load_by_id(workspace, name)
    except (NotFound, RefInvalid):
        return None


def _has(workspace: Workspace, meant: Committed) -> bool:
    """Whether the store has the version in the collection of that name, where it mostly is."""
    home = meant.source_place.home
    try:
        state = workspace.catalog.state(*home)
    except CollectionNotFound:
        return False
    number = state.ids.get(meant.source.id)
    return number is not None and view(workspace, state, home).is_live(state.versions[number])
