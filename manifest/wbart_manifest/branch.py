"""Branches: the children of a node of the tree, in columns."""

import struct
from collections.abc import Sequence

from wbart_manifest.digest import ALGORITHMS
from wbart_manifest.entry import MAX_SIZE
from wbart_manifest.errors import EntryInvalid, ManifestCorrupt
from wbart_manifest.node import Node, node_id, pack, unpack
from wbart_manifest.order import first_disorder
from wbart_manifest.path import check_column

MAGIC = b"WBNODE"
LABEL = "wbart-node-v1"
LOGICAL = 5
_PLAIN = frozenset({2})


def encode_logical(level: int, children: Sequence[Node]) -> list[bytes]:
    """Return the logical columns of a branch: level, first paths, ids, counts, sizes."""
    return [
        bytes([level]),
        "\0".join([child.first for child in children]).encode(),
        b"".join([child.id for child in children]),
        struct.pack(f"<{len(children)}Q", *[child.count for child in children]),
        struct.pack(f"<{len(children)}Q", *[child.size for child in children]),
    ]


def branch_id(columns: Sequence[bytes], count: int, algorithm: str) -> bytes:
    """Return the id of a branch from its logical columns."""
    return node_id(LABEL, algorithm, count, columns)


def encode(children: Sequence[Node], logical: Sequence[bytes]) -> bytes:
    """Return the bytes of a branch object; its one physical column is the children's epochs."""
    epochs = [child.epoch for child in children]
    physical = struct.pack(f"<{len(epochs)}I", *epochs) if any(epochs) else b""
    return pack(MAGIC, len(children), [*logical, physical], _PLAIN)


def decode(data: bytes, algorithm: str) -> tuple[bytes, int, list[Node]]:
    """Return the id, level and children of a branch object, every rule of the format checked.

    Raises ManifestCorrupt or ManifestUnsupported.
    """
    count, columns = unpack(MAGIC, LOGICAL + 1, data)
    length = ALGORITHMS[algorithm]
    level, firsts, ids, counts, sizes, epochs = columns
    if not count or len(level) != 1 or level[0] < 2 or len(ids) != count * length:
        raise ManifestCorrupt("a branch whose columns do not fit together")
    try:
        paths = _check_firsts(firsts, count)
        children = list(
            map(
                Node,
                [ids[at : at + length] for at in range(0, len(ids), length)],
                [level[0] - 1] * count,
                paths,
                struct.unpack(f"<{count}Q", counts),
                struct.unpack(f"<{count}Q", sizes),
                struct.unpack(f"<{count}I", epochs) if epochs else [0] * count,
            )
        )
    except (struct.error, ValueError) as error:
        raise ManifestCorrupt("a branch whose columns do not fit together") from error
    if not all(child.count for child in children):
        raise ManifestCorrupt("a branch with an empty child")
    return branch_id(columns[:LOGICAL], count, algorithm), level[0], children


def total(nodes: Sequence[Node]) -> tuple[int, int]:
    """Return the entries and the bytes below nodes. Raises EntryInvalid over MAX_SIZE bytes."""
    size = sum(node.size for node in nodes)
    if size > MAX_SIZE:
        raise EntryInvalid(f"files of {size} bytes together")
    return sum(node.count for node in nodes), size


def _check_firsts(joined: bytes, count: int) -> list[str]:
    paths = joined.decode().split("\0")
    check_column(paths)
    if len(paths) != count or first_disorder(paths) is not None:
        raise ManifestCorrupt("a branch whose children are not in order")
    return paths
