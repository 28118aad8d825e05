"""The physical columns of a leaf: where the bytes of its entries lie.

A column whose values are all zero is left empty, so a leaf of whole files has almost none.
"""

import struct
from collections.abc import Iterable, Sequence
from itertools import repeat

from wbart_manifest.errors import ManifestCorrupt, ManifestUnsupported
from wbart_manifest.location import KINDS, PACKED, RECIPE, Location

_NOWHERE = 255
"""The kind of an entry without a location."""
_SHARED: dict[int, Location | None] = {
    **{kind: Location(kind) for kind in KINDS if kind not in (PACKED, RECIPE)},
    _NOWHERE: None,
}
_EMPTY = Location(0)
_KNOWN = bytes([*KINDS, _NOWHERE])
_IN_OBJECTS = bytes([PACKED, RECIPE])


def encode_locations(locations: Sequence[Location | None]) -> list[bytes]:
    """Return kinds, distinct objects, and for each entry its object, offset, length, codec, epoch.

    Raises struct.error, TypeError, ValueError or AttributeError for what they cannot hold.
    """
    kinds = bytes([_NOWHERE if each is None else each.kind for each in locations])
    known = [_EMPTY if each is None else each for each in locations]
    table: dict[bytes, int] = {b"": 0}
    index = [table.setdefault(each.object, len(table)) for each in known]
    objects = b"".join(table)
    _check(kinds, table, index)
    return [
        kinds,
        objects,
        _numbers("I", index),
        _numbers("Q", [each.offset for each in known]),
        _numbers("Q", [each.length for each in known]),
        _numbers("B", [each.codec for each in known]),
        _numbers("I", [each.epoch for each in known]),
    ]


def decode_locations(columns: Sequence[bytes], count: int) -> Iterable[Location | None]:
    """Return the location of each entry. Raises ManifestCorrupt or ManifestUnsupported."""
    kinds, objects, *numbers = columns
    if len(kinds) != count or len(objects) % 32:
        raise ManifestCorrupt("locations of the wrong length")
    if kinds.translate(None, _KNOWN):
        raise ManifestUnsupported("locations of a newer kind")
    if not objects and not any(numbers) and not _in_objects(kinds):
        if kinds.count(kinds[:1]) == count:
            return repeat(_SHARED[kinds[0]]) if count else ()
        return map(_SHARED.__getitem__, kinds)
    return _decode(kinds, objects, numbers, count)


def _decode(
    kinds: bytes, objects: bytes, numbers: Sequence[bytes], count: int
) -> list[Location | None]:
    index, offsets, lengths, codecs, epochs = (
        _decode_numbers(code, column, count) for code, column in zip("IQQBI", numbers, strict=True)
    )
    ids = [b"", *(objects[at : at + 32] for at in range(0, len(objects), 32))]
    places = list(index)
    if max(places, default=0) >= len(ids) or len(set(ids)) != len(ids):
        raise ManifestCorrupt("a table of objects that does not fit its index")
    if any((kind in _IN_OBJECTS) != (place > 0) for kind, place in zip(kinds, places, strict=True)):
        raise ManifestCorrupt("an object for a location that has none")
    found = map(Location, kinds, map(ids.__getitem__, places), offsets, lengths, codecs, epochs)
    return [None if each.kind == _NOWHERE else each for each in found]


def _check(kinds: bytes, table: dict[bytes, int], index: list[int]) -> None:
    if kinds.translate(None, _KNOWN) or set(map(len, table)) - {0, 32}:
        raise ValueError("a location of unknown kind, or an object id of the wrong length")
    if any((kind in _IN_OBJECTS) != (at > 0) for kind, at in zip(kinds, index, strict=True)):
        raise ValueError("an object for a location that has none")


def _in_objects(kinds: bytes) -> bool:
    return PACKED in kinds or RECIPE in kinds


def _numbers(code: str, values: list[int]) -> bytes:
    return struct.pack(f"<{len(values)}{code}", *values) if any(values) else b""


def _decode_numbers(code: str, column: bytes, count: int) -> Iterable[int]:
    return struct.unpack(f"<{count}{code}", column) if column else repeat(0, count)
