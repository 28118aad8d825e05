"""The manifest of a version: digests, paths, entries and the tree that holds them. No I/O.

Names are loaded when they are first used: who needs an error need not load the tree.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wbart_manifest.diff import Change
    from wbart_manifest.digest import Digest
    from wbart_manifest.entry import Entry, Reference
    from wbart_manifest.errors import ManifestError, WbartError
    from wbart_manifest.location import Location
    from wbart_manifest.manifest import Manifest
    from wbart_manifest.tree import MemoryNodes, Nodes

_HOMES = {
    "Change": "diff",
    "Digest": "digest",
    "Entry": "entry",
    "Location": "location",
    "Manifest": "manifest",
    "ManifestError": "errors",
    "MemoryNodes": "tree",
    "Nodes": "tree",
    "Reference": "entry",
    "WbartError": "errors",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"wbart_manifest.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'wbart_manifest' has no attribute {name!r}")


__all__ = [
    "Change",
    "Digest",
    "Entry",
    "Location",
    "Manifest",
    "ManifestError",
    "MemoryNodes",
    "Nodes",
    "Reference",
    "WbartError",
]
