"""Leaves: the entries of a range of paths, in columns.

The logical columns say what the entries are, and the leaf's id covers them.
The physical columns say where the bytes lie, and no digest covers those.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, repeat
from typing import TypeVar

import msgspec

from wbart_manifest.canonical_json import decode_object
from wbart_manifest.digest import ALGORITHMS
from wbart_manifest.entry import MAX_SIZE, Entry, Reference, check, reference_row
from wbart_manifest.errors import ManifestCorrupt, ManifestError
from wbart_manifest.node import node_id, pack, unpack
from wbart_manifest.order import check_leaf_paths
from wbart_manifest.physical import decode_locations, encode_locations

MAGIC = b"WBLEAF"
LABEL = "wbart-leaf-v1"
LOGICAL = 8
PHYSICAL = 7
_PATHS, _KINDS, _SIZES, _DIGESTS, _REFERENCES, _EXTRAS, _WANDB_FLAGS, _WANDB = range(LOGICAL)
_PLAIN = frozenset({_DIGESTS, _WANDB, LOGICAL + 1})
FILE, SIZED, UNSIZED = 0, 1, 2
T = TypeVar("T")
U = TypeVar("U")
_ID = struct.Struct("32s")
_WANDB_ID = struct.Struct("16s")


def encode_logical(entries: Sequence[Entry], paths: bytes, algorithm: str) -> list[bytes]:
    """Return the logical columns of entries whose joined paths are given, checked before.

    Raises the ManifestError of the first entry that no manifest can hold.
    """
    try:
        return _logical(entries, paths, algorithm)
    except (struct.error, TypeError, ValueError, AttributeError) as error:
        for entry in entries:
            check(entry, algorithm)
        raise ManifestError("a leaf that cannot be written") from error


def leaf_id(columns: Sequence[bytes], count: int, algorithm: str) -> bytes:
    """Return the id of a leaf from its logical columns."""
    return node_id(LABEL, algorithm, count, columns)


def encode(entries: Sequence[Entry], logical: Sequence[bytes], algorithm: str) -> bytes:
    """Return the bytes of a leaf object: logical and physical columns, packed."""
    try:
        physical = encode_locations([entry.location for entry in entries])
    except (struct.error, TypeError, ValueError, AttributeError) as error:
        for entry in entries:
            check(entry, algorithm)
        raise ManifestError("a leaf that cannot be written") from error
    return pack(MAGIC, len(entries), [*logical, *physical], _PLAIN)


def decode(data: bytes, algorithm: str) -> tuple[bytes, list[Entry]]:
    """Return the id and the entries of a leaf object, every rule of the format checked.

    Raises ManifestCorrupt or ManifestUnsupported.
    """
    count, columns = unpack(MAGIC, LOGICAL + PHYSICAL, data)
    logical = columns[:LOGICAL]
    try:
        entries = _entries(logical, columns[LOGICAL:], count, ALGORITHMS[algorithm])
    except ManifestError:
        raise
    except (struct.error, ValueError, RecursionError) as error:
        # msgspec's errors are ValueErrors too.
        raise ManifestCorrupt("a leaf whose columns do not fit together") from error
    return leaf_id(logical, count, algorithm), entries


def total_size(entries: Sequence[Entry]) -> int:
    """Return the bytes of content of all entries, those of unknown size counted as none."""
    return sum([entry.size or 0 for entry in entries])


def entry_weights(entries: Sequence[Entry], path_lengths: list[int]) -> list[int]:
    """Return the bytes of text in each entry: what the boundaries' cap counts."""
    return [
        length
        + (len(entry.extra) if entry.reference is None else len(reference_row(entry.reference)))
        if entry.extra or entry.reference is not None
        else length
        for entry, length in zip(entries, path_lengths, strict=True)
    ]


def _logical(entries: Sequence[Entry], paths: bytes, algorithm: str) -> list[bytes]:
    count = len(entries)
    digests = [entry.digest for entry in entries]
    sizes = [entry.size for entry in entries]
    kinds, references = bytes(count), b""
    if any(entry.reference is not None for entry in entries):
        kinds, references = _reference_columns(entries, algorithm)
        digests = [digest for digest, kind in zip(digests, kinds, strict=True) if not kind]
        sizes = [0 if kind == UNSIZED else size for size, kind in zip(sizes, kinds, strict=True)]
    if digests and set(map(len, digests)) != {ALGORITHMS[algorithm]}:
        raise ValueError("a digest of the wrong length")
    numbers = struct.pack(f"<{count}q", *sizes)
    if count and min(struct.unpack(f"<{count}q", numbers)) < 0:
        raise ValueError("an impossible size")
    flags, wandb = _wandb_columns([entry.wandb for entry in entries])
    extras = _extras_column(entries, algorithm)
    return [paths, kinds, numbers, b"".join(digests), references, extras, flags, wandb]


def _reference_columns(entries: Sequence[Entry], algorithm: str) -> tuple[bytes, bytes]:
    kinds = bytes(
        FILE if entry.reference is None else UNSIZED if entry.size is None else SIZED
        for entry in entries
    )
    referring = [check(entry, algorithm) for entry in entries if entry.reference is not None]
    rows = [reference_row(entry.reference) for entry in referring if entry.reference is not None]
    return kinds, b"[%b]" % b",".join(rows)


def _extras_column(entries: Sequence[Entry], algorithm: str) -> bytes:
    rows = [
        b"[%d,%b]" % (index, check(entry, algorithm).extra)
        for index, entry in enumerate(entries)
        if entry.extra
    ]
    return b"[%b]" % b",".join(rows) if rows else b""


def _wandb_columns(digests: list[bytes]) -> tuple[bytes, bytes]:
    joined = b"".join(digests)
    if not joined:
        return b"", b""
    lengths = set(map(len, digests))
    if not lengths <= {0, 16}:
        raise ValueError("a W&B digest of the wrong length")
    flags = b"" if lengths == {16} else bytes(1 if digest else 0 for digest in digests)
    return flags, joined


def _entries(
    logical: Sequence[bytes], physical: Sequence[bytes], count: int, length: int
) -> list[Entry]:
    paths = check_leaf_paths(logical[_PATHS], count)
    kinds = logical[_KINDS]
    if len(kinds) != count or kinds.translate(None, b"\0\1\2"):
        raise ManifestCorrupt("a leaf with entries of unknown kind")
    numbers = struct.unpack(f"<{count}Q", logical[_SIZES])
    if sum(numbers) > MAX_SIZE:
        raise ManifestCorrupt("a leaf of impossible size")
    sizes: Iterable[int | None] = numbers
    digests: Iterable[bytes] = _split(logical[_DIGESTS], kinds.count(FILE), length)
    references: Iterable[Reference | None] = repeat(None)
    if kinds.count(FILE) != count:
        sizes = _known_sizes(numbers, kinds)
        digests = _spread(digests, [kind == FILE for kind in kinds], b"")
        references = _decode_references(logical[_REFERENCES], kinds)
    elif logical[_REFERENCES]:
        raise ManifestCorrupt("a reference table without references")
    return list(
        map(
            Entry,
            paths,
            sizes,
            digests,
            references,
            decode_locations(physical, count),
            _decode_wandb(logical[_WANDB_FLAGS], logical[_WANDB], count),
            _decode_extras(logical[_EXTRAS], kinds),
        )
    )


def _split(column: bytes, count: int, length: int) -> Iterator[bytes]:
    if len(column) != count * length:
        raise ManifestCorrupt("a column of digests of the wrong length")
    return chain.from_iterable((_ID if length == 32 else _WANDB_ID).iter_unpack(column))


def _spread(values: Iterable[T], present: Sequence[int], missing: U) -> list[T | U]:
    source = iter(values)
    return [next(source) if there else missing for there in present]


def _known_sizes(sizes: Sequence[int], kinds: bytes) -> list[int | None]:
    if any(size for size, kind in zip(sizes, kinds, strict=True) if kind == UNSIZED):
        raise ManifestCorrupt("an unknown size that is not zero")
    return [None if kind == UNSIZED else size for size, kind in zip(sizes, kinds, strict=True)]


def _decode_references(column: bytes, kinds: bytes) -> list[Reference | None]:
    rows = msgspec.json.decode(column, type=list[tuple[str, str, msgspec.Raw]])
    references = []
    for uri, digest, raw in rows:
        extra = b"" if bytes(raw) == b"{}" else bytes(raw)
        decode_object(extra)
        references.append(Reference(uri, digest, extra))
    if len(references) != len(kinds) - kinds.count(FILE):
        raise ManifestCorrupt("a reference table of the wrong length")
    if b"[%b]" % b",".join(map(reference_row, references)) != column:
        raise ManifestCorrupt("a reference table that is not canonical")
    return _spread(references, kinds, None)


def _decode_extras(column: bytes, kinds: bytes) -> Iterable[bytes]:
    if not column:
        return repeat(b"")
    extras = [b""] * len(kinds)
    last = -1
    rows = msgspec.json.decode(column, type=list[tuple[int, msgspec.Raw]])
    for index, raw in rows:
        if not last < index < len(kinds) or kinds[index] != FILE or not decode_object(bytes(raw)):
            raise ManifestCorrupt("a table of extras that is not canonical")
        extras[index], last = bytes(raw), index
    wanted = b"[%b]" % b",".join(b"[%d,%b]" % (index, bytes(raw)) for index, raw in rows)
    if not rows or wanted != column:
        raise ManifestCorrupt("a table of extras that is not canonical")
    return extras


def _decode_wandb(flags: bytes, column: bytes, count: int) -> Iterable[bytes]:
    if not flags:
        return _split(column, count, 16) if column else repeat(b"")
    if len(flags) != count or flags.translate(None, b"\0\1") or flags.count(1) in (0, count):
        raise ManifestCorrupt("flags of W&B digests that are not canonical")
    return _spread(_split(column, flags.count(1), 16), flags, b"")
