"""Reading from a store whose bytes change on the way: what comes twice alike is what it has."""

from __future__ import annotations

from collections.abc import Callable

import xxhash

from wbart_storage.errors import StoreUnavailable

_READINGS = 8
"""If every second one is spoilt, one range in thirty is not read right twice."""


def agreed(read: Callable[[], bytes], named: str) -> bytes:
    """What read gives, once it has given the same bytes before. Holds one reading at a time.

    Raises StoreUnavailable, with the name of what is read, if no two are alike.
    """
    seen = set[bytes]()
    for _ in range(_READINGS):
        data = read()
        mark = xxhash.xxh3_128_digest(data)
        if mark in seen:
            return data
        seen.add(mark)
    raise StoreUnavailable(f"{named}: its bytes change on the way; {_READINGS} readings all differ")
