"""Nodes of the tree: their descriptors, and the container that holds their columns.

A container is a magic, the number of items, a table of columns, the columns, and a checksum.
It is only packing: a node's id is taken over its logical columns, as they are before packing.
"""

import struct
import zlib
from collections.abc import Sequence

import msgspec
from xxhash import xxh3_64_intdigest

from wbart_manifest.digest import domain
from wbart_manifest.errors import ManifestCorrupt, ManifestUnsupported

MAX_ITEMS = 65_536
MAX_RAW = 16 << 20
"""Bytes of all columns of one node before packing. What the boundaries allow stays below it."""

VERSION = 1
_HEAD = struct.Struct("<6sHIB")
_COLUMN = struct.Struct("<BII")
_CHECKSUM = struct.Struct("<Q")
_U64 = struct.Struct("<Q")
_STORED, _ZLIB = 0, 1
_WORTH = 64
"""Columns shorter than this are not worth packing."""


class Node(msgspec.Struct, frozen=True, gc=False):
    """What is known of a node without reading it: all that its parent says."""

    id: bytes
    level: int
    """1 for a leaf."""
    first: str
    """The first path below; empty for the empty leaf, and for a root not yet read."""
    count: int
    size: int
    """Bytes of content below, those of unknown size counted as none."""
    epoch: int = 0
    """The `~<epoch>` suffix of the node's key, 0 for none. Physical."""


def node_id(label: str, algorithm: str, count: int, columns: Sequence[bytes]) -> bytes:
    """Return the id of a node: the digest of its item count and framed logical columns."""
    parts = [_U64.pack(count)]
    for column in columns:
        parts += (_U64.pack(len(column)), column)
    return domain(label, algorithm, b"".join(parts))


def pack(magic: bytes, count: int, columns: Sequence[bytes], plain: frozenset[int]) -> bytes:
    """Return a container of columns; those whose numbers are in plain are not compressed."""
    table = [_HEAD.pack(magic, VERSION, count, len(columns))]
    bodies = []
    for number, raw in enumerate(columns):
        squeezed = raw if number in plain or len(raw) < _WORTH else zlib.compress(raw, 1)
        body = min(raw, squeezed, key=len)
        table.append(_COLUMN.pack(_STORED if body is raw else _ZLIB, len(raw), len(body)))
        bodies.append(body)
    data = b"".join(table + bodies)
    return data + _CHECKSUM.pack(xxh3_64_intdigest(data))


def unpack(magic: bytes, columns: int, data: bytes) -> tuple[int, list[bytes]]:
    """Return the item count and the columns of a container.

    Raises ManifestUnsupported for a newer format, ManifestCorrupt for anything malformed.
    Never inflates more than the table declares, nor more than MAX_RAW in all.
    """
    count, found = _read_head(magic, data)
    if found != columns or count > MAX_ITEMS:
        raise ManifestCorrupt(f"a node with {found} columns and {count} items")
    end = _HEAD.size + columns * _COLUMN.size
    if len(data) < end + _CHECKSUM.size or _checksum(data) != xxh3_64_intdigest(
        memoryview(data)[: -_CHECKSUM.size]
    ):
        raise ManifestCorrupt("a node that is damaged or cut short")
    table = list(_COLUMN.iter_unpack(data[_HEAD.size : end]))
    if sum(raw for _, raw, _ in table) > MAX_RAW:
        raise ManifestCorrupt(f"a node of more than {MAX_RAW} bytes")
    if end + sum(stored for _, _, stored in table) + _CHECKSUM.size != len(data):
        raise ManifestCorrupt("a node whose columns do not fill it")
    return count, _bodies(data, end, table)


def _read_head(magic: bytes, data: bytes) -> tuple[int, int]:
    if len(data) < _HEAD.size:
        raise ManifestCorrupt("a node that is cut short")
    name, version, count, columns = _HEAD.unpack_from(data)
    if name != magic or version == 0:
        raise ManifestCorrupt(f"not a node of the wanted kind: {bytes(data[:8])!r}")
    if version > VERSION:
        raise ManifestUnsupported(f"a node of format {version}; this wbart reads {VERSION}")
    return count, columns


def _checksum(data: bytes) -> int:
    (checksum,) = _CHECKSUM.unpack_from(data, len(data) - _CHECKSUM.size)
    return int(checksum)


def _bodies(data: bytes, start: int, table: list[tuple[int, int, int]]) -> list[bytes]:
    bodies = []
    for flag, raw, stored in table:
        body = data[start : start + stored]
        start += stored
        bodies.append(body if flag == _STORED else _inflate(flag, body, raw))
        if len(bodies[-1]) != raw:
            raise ManifestCorrupt("a column that is not as long as it says")
    return bodies


def _inflate(flag: int, body: bytes, raw: int) -> bytes:
    if flag != _ZLIB or not raw:
        raise ManifestCorrupt(f"a column packed in an unknown way ({flag})")
    inflater = zlib.decompressobj()
    try:
        plain = inflater.decompress(body, raw)
        # The stream's own checksum is read only when it is asked for what comes after the last
        # byte; one byte of room is enough to see that nothing does.
        rest = inflater.decompress(inflater.unconsumed_tail, 1)
    except zlib.error as error:
        raise ManifestCorrupt("a column that does not inflate") from error
    if rest or not inflater.eof or inflater.unused_data:
        raise ManifestCorrupt("a column that inflates to more than it says")
    return plain
