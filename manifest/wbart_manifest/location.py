"""Where the bytes of an entry lie. Physical: no digest covers it, and it may change."""

from typing import Final

import msgspec

WHOLE: Final = 0
"""The file is an object of its own, under its digest."""
PACKED: Final = 1
"""The file is `length` bytes at `offset` of the pack `object`."""
RECIPE: Final = 2
"""The file is put together from pieces that the recipe `object` names."""
REFERENCE: Final = 3
"""The bytes stay elsewhere; the store holds nothing."""
EMPTY: Final = 4
"""A file of no bytes; the store holds nothing."""

KINDS: Final = (WHOLE, PACKED, RECIPE, REFERENCE, EMPTY)


class Location(msgspec.Struct, frozen=True, gc=False):
    """Where a store keeps the bytes of one entry."""

    kind: int
    object: bytes = b""
    """Raw 32-byte id of the pack or recipe; empty for the other kinds."""
    offset: int = 0
    length: int = 0
    """Bytes as stored, which is not the entry's size when a codec is in use."""
    codec: int = 0
    """0: stored as is."""
    epoch: int = 0
    """The `~<epoch>` suffix of the object's key, 0 for none."""
