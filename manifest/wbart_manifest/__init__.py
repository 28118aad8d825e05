"""The manifest of a version: digests, paths, entries and the tree that holds them. No I/O."""

from wbart_manifest.diff import Change, diff
from wbart_manifest.digest import Digest
from wbart_manifest.entry import Entry, Reference
from wbart_manifest.errors import ManifestError, WbartError
from wbart_manifest.location import Location
from wbart_manifest.manifest import Manifest
from wbart_manifest.tree import MemoryNodes, Nodes

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
    "diff",
]
