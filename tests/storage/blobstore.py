"""Stores with blobs in them, for the tests of what reads blobs back."""

from __future__ import annotations

import random
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from wbart_manifest.digest import digest_function
from wbart_manifest.location import EMPTY, PACKED, WHOLE, Location
from wbart_storage.keys import blob_key, pack_key
from wbart_storage.objects import ObjectStore
from wbart_storage.reading.blobs import Wanted
from wbart_storage.staging.pack import PackWriter

blake3 = digest_function("blake3")


def noise(size: int, seed: int = 0) -> bytes:
    """Bytes that no other seed gives."""
    return random.Random(seed).randbytes(size)


def put_whole(store: ObjectStore, path: str, data: bytes, epoch: int = 0) -> Wanted:
    """A blob of its own."""
    if not data:
        return Wanted(path, 0, blake3(b""), Location(EMPTY))
    digest = blake3(data)
    store.put(blob_key(digest.hex(), epoch), data)
    return Wanted(path, len(data), digest, Location(WHOLE, length=len(data), epoch=epoch))


def make_pack(path: Path, blobs: list[bytes]) -> tuple[bytes, list[Location]]:
    """A finished pack at path: its id, and where each blob lies in it."""
    with ThreadPoolExecutor(1) as executor:
        pack = PackWriter(path, "blake3", executor)
        offsets = [pack.add(blake3(data), data) for data in blobs]
        name = pack.close()
    places = zip(offsets, blobs, strict=True)
    return name, [Location(PACKED, name, offset, len(data)) for offset, data in places]


def put_pack(store: ObjectStore, folder: Path, files: Mapping[str, bytes]) -> list[Wanted]:
    """Blobs that lie together in one pack."""
    path = folder / "made.zip"
    name, locations = make_pack(path, list(files.values()))
    store.put(pack_key(name.hex()), path.read_bytes())
    path.unlink()
    return [
        Wanted(each, len(data), blake3(data), location)
        for (each, data), location in zip(files.items(), locations, strict=True)
    ]
