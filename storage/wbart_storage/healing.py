"""Healing: an object that is gone or damaged, written anew from another copy of its bytes.

The one case in which an object is overwritten: it was not what its name says. Nothing is put
that does not have the digest it is named by.
"""

from __future__ import annotations

import os

from wbart_manifest.digest import digest_function
from wbart_manifest.location import PACKED
from wbart_storage.blobs import Blobs, Wanted
from wbart_storage.errors import ObjectMissing
from wbart_storage.objects import ObjectStore


def heal(store: ObjectStore, blobs: Blobs, wanted: Wanted, folder: str) -> bool:
    """Heal the blob's object from the file at its path below folder; False if that is no copy."""
    try:
        with open(os.path.join(folder, wanted.path), "rb") as file:
            data = file.read()
    except OSError:
        return False
    digest = digest_function(blobs.algorithm)
    if digest(data) != wanted.digest:
        return False
    key = blobs.key(wanted)
    if wanted.location.kind != PACKED:
        store.put(key, data)
        return True
    return _heal_member(store, key, wanted, data)


def _heal_member(store: ObjectStore, key: str, wanted: Wanted, data: bytes) -> bool:
    """Put the right bytes into their place in a pack that is there but damaged."""
    try:
        pack = bytearray(store.get(key))
    except ObjectMissing:
        return False
    start = wanted.location.offset
    if start + len(data) > len(pack):
        return False
    pack[start : start + len(data)] = data
    store.put(key, bytes(pack))
    return True
