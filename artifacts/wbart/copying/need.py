"""What of a version a target lacks: whole files and packs, and what of a pack is not worth it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from wbart.copying.objects import Parcel, sizes
from wbart_manifest.diff import diff
from wbart_manifest.digest import Digest
from wbart_manifest.entry import Entry
from wbart_manifest.location import EMPTY, PACKED, RECIPE, WHOLE
from wbart_manifest.manifest import Manifest
from wbart_storage.errors import BlobMissing, StoreUnsupported
from wbart_storage.keys import blob_key, pack_key
from wbart_storage.store import Store

LITTLE = 1 << 20
"""A pack of no more bytes than this travels as it is, however little of it is wanted."""
WORTH = 0.5
"""A larger one does when at least this part of it is wanted; else what is wanted is packed anew."""
_FRAME = 204
"""Bytes of a pack that each member takes on top of its own: two headers and two names."""

_Object = tuple[bytes, int]
"""Raw digest, and epoch at the source."""


@dataclass
class Need:
    """What travels for one version."""

    parcels: list[Parcel] = field(default_factory=list)
    """Objects that travel as they are."""
    repack: set[bytes] = field(default_factory=set)
    """Packs of which only the wanted members travel."""
    members: int = 0
    member_bytes: int = 0


def changes(base: Manifest | None, wanted: Manifest) -> Iterator[tuple[str, Entry | None]]:
    """What turns the target's base into what is wanted; reads only nodes that differ."""
    if base is None:
        return ((entry.path, entry) for entry in wanted.entries())
    return ((each.path, each.after) for each in diff(base, wanted))


def need(source: Store, target: Store, base: Manifest | None, wanted: Manifest, jobs: int) -> Need:
    """Find out what the target lacks. Raises StoreUnsupported, BlobMissing."""
    found = Need()
    blobs: dict[_Object, int] = {}
    packs: dict[_Object, list[int]] = {}
    for _, entry in changes(base, wanted):
        if entry is not None:
            _note(entry, found, blobs, packs)
    _need_blobs(target, found, blobs, jobs)
    _need_packs(source, target, found, packs, jobs)
    return found


def _note(
    entry: Entry, found: Need, blobs: dict[_Object, int], packs: dict[_Object, list[int]]
) -> None:
    location = entry.location
    if entry.reference is not None or location is None or location.kind == EMPTY:
        return
    if location.codec or location.kind == RECIPE:
        raise StoreUnsupported(f"{entry.path} is stored in a form that this release cannot copy")
    if location.kind == WHOLE:
        blobs[entry.digest, location.epoch] = entry.size or 0
    else:
        counted = packs.setdefault((location.object, location.epoch), [0, 0])
        counted[0] += 1
        counted[1] += location.length + _FRAME


def _need_blobs(target: Store, found: Need, blobs: dict[_Object, int], jobs: int) -> None:
    there = sizes(target.objects, (blob_key(raw.hex()) for raw, _ in blobs), jobs)
    for (raw, epoch), size in blobs.items():
        key = blob_key(raw.hex())
        if there.get(key) != size:
            found.parcels.append(Parcel(raw, False, size, blob_key(raw.hex(), epoch), key))


def _need_packs(
    source: Store, target: Store, found: Need, packs: dict[_Object, list[int]], jobs: int
) -> None:
    there = sizes(target.objects, (pack_key(raw.hex()) for raw, _ in packs), jobs)
    absent = [name for name in packs if pack_key(name[0].hex()) not in there]
    keys = {name: pack_key(name[0].hex(), name[1]) for name in absent}
    at_source = sizes(source.objects, keys.values(), jobs)
    for name in absent:
        size = at_source.get(keys[name])
        if size is None:
            raise BlobMissing(Digest(source.algorithm, name[0]))
        members, wanted = packs[name]
        if size <= LITTLE or wanted >= WORTH * size:
            key = pack_key(name[0].hex())
            found.parcels.append(Parcel(name[0], True, size, keys[name], key))
        else:
            found.repack.add(name[0])
            found.members += members
            found.member_bytes += wanted


def is_packed_anew(entry: Entry, found: Need) -> bool:
    """Whether the entry's bytes travel in another pack than they lie in."""
    location = entry.location
    return location is not None and location.kind == PACKED and location.object in found.repack
