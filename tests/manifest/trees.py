"""Small trees for tests: entries that are quick to write, and shapes whose nodes are tiny."""

from collections.abc import Iterable, Mapping

from wbart_manifest.entry import Entry, Reference
from wbart_manifest.location import PACKED, RECIPE, Location
from wbart_manifest.manifest import Manifest
from wbart_manifest.tree import MemoryNodes, Shape

BLAKE3 = "blake3"
TINY = Shape(leaf_mask=3, branch_mask=1, max_level=60)
"""Leaves of about four entries, branches of about two children."""


def file(path: str, size: int = 1, content: int = 0) -> Entry:
    return Entry(path, size, bytes([content]) * 32)


def reference(path: str, size: int | None = None, extra: bytes = b"") -> Entry:
    return Entry(path, size, b"", Reference(f"s3://bucket/{path}", "etag", extra))


def entries_of_every_kind() -> list[Entry]:
    """Every column of a leaf is in use, in path order."""
    pack, recipe = b"p" * 32, b"r" * 32
    return [
        Entry("a-b", 3, b"1" * 32, location=Location(PACKED, pack, 64, 3)),
        Entry("a/b", 4, b"2" * 32, location=Location(PACKED, pack, 67, 4, 1, 2)),
        Entry("empty", 0, b"3" * 32, location=Location(4)),
        Entry("nowhere", 5, b"4" * 32),
        reference("ref/known", 7, b'{"etag":"\\"x\\"","versionID":1}'),
        reference("ref/unknown"),
        Entry("video", 1 << 40, b"5" * 32, location=Location(RECIPE, recipe, 0, 1 << 39)),
        Entry("whole", 6, b"6" * 32, location=Location(0, epoch=9), wandb=b"w" * 16),
        Entry("wide/ß/𝄞", 8, b"7" * 32, None, Location(0), b"v" * 16, b'{"alg":"XXH128"}'),
    ]


def build(
    entries: Iterable[Entry], shape: Shape = TINY, nodes: MemoryNodes | None = None
) -> Manifest:
    kept = MemoryNodes() if nodes is None else nodes
    return Manifest.build(kept, entries, BLAKE3, shape=shape)


def build_model(model: Mapping[str, Entry], shape: Shape = TINY) -> Manifest:
    return build([model[path] for path in sorted(model)], shape)


def reopened(manifest: Manifest, shape: Shape = TINY) -> Manifest:
    """The same manifest, read afresh from its nodes."""
    return Manifest(manifest.nodes, manifest.root, manifest.algorithm, shape=shape)


def numbered(count: int) -> list[Entry]:
    return [file(f"d{number // 100:03d}/f{number:06d}", number) for number in range(count)]
