"""Objects on their way from one store to another: streamed, and checked before they are put.

What is named by the digest of its bytes (whole files, packs) needs no trust in its source. Memory
is bounded by the number of threads, whatever the sizes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from wbart_manifest.digest import Digest, hasher
from wbart_manifest.location import PACKED, WHOLE, Location
from wbart_storage.disk import disk_errors
from wbart_storage.errors import BlobCorrupt, BlobMissing, ObjectMissing
from wbart_storage.in_flight import in_flight
from wbart_storage.objects import Adopts, Files, ObjectStore, ability
from wbart_storage.staging.stage import Stage, settle
from wbart_storage.store import Store

PIECE = 8 << 20
"""Bytes of one range read; what is no larger never touches the disk on its way to a bucket."""
_AHEAD = 2
_ASKED = 1000
"""Keys above this number are looked for in a listing, not one by one."""
_BATCH_OBJECTS = 256
_BATCH_BYTES = 512 << 20


class Parcel(NamedTuple):
    """An object that travels."""

    digest: bytes
    """Raw digest of its bytes: the blob's, or the id of a pack."""
    packed: bool
    size: int
    source: str
    target: str
    """Its keys there and here."""


class Sent(NamedTuple):
    """How much travelled."""

    objects: int = 0
    size: int = 0

    def plus(self, objects: int, size: int) -> Sent:
        """As much more."""
        return Sent(self.objects + objects, self.size + size)


def sizes(objects: ObjectStore, keys: Iterable[str], jobs: int) -> dict[str, int]:
    """The sizes of those of the objects that are there."""
    wanted = list(dict.fromkeys(keys))
    if len(wanted) > _ASKED:
        prefixes = {key.partition("/")[0] + "/" for key in wanted}
        listed = (stat for prefix in sorted(prefixes) for stat in objects.list(prefix))
        asked = set(wanted)
        return {stat.key: stat.size for stat in listed if stat.key in asked}

    def ask(key: str) -> tuple[str, int | None]:
        try:
            return key, objects.stat(key).size
        except ObjectMissing:
            return key, None

    with ThreadPoolExecutor(max(1, min(2 * jobs, len(wanted))), "wbart-copy-ask") as executor:
        found = executor.map(ask, wanted)
        return {key: size for key, size in found if size is not None}


class Carrier:
    """Carries objects from source to target, several at once. One carrier serves one thread."""

    def __init__(self, source: Store, target: Store, stage: Stage, jobs: int) -> None:
        self._source = source.objects
        self._target = target.objects
        self._algorithm = target.algorithm
        self._stage = stage
        self._jobs = max(1, jobs)
        self._files = ability(source.objects, Files)
        self._adopts = ability(target.objects, Adopts) is not None

    def carry(self, parcels: list[Parcel]) -> Iterator[Parcel]:
        """Bring them to the target, and yield each when it is there, durable.

        Raises BlobCorrupt, with nothing put, for an object that is not what its name says, and
        BlobMissing for one that is gone.
        """
        with (
            ThreadPoolExecutor(self._jobs, "wbart-copy") as executor,
            ThreadPoolExecutor(self._jobs * _AHEAD, "wbart-copy-read") as self._readers,
        ):
            if not self._adopts:
                yield from in_flight(executor, self._send, parcels, 2 * self._jobs)
                return
            for batch in _batches(parcels):
                list(in_flight(executor, self._hold, batch, 2 * self._jobs))
                yield from self._publish(batch)

    def _publish(self, batch: list[Parcel]) -> list[Parcel]:
        packs = [each.digest for each in batch if each.packed]
        blobs = [each.digest for each in batch if not each.packed]
        settle(self._target, self._stage.publish(self._target, packs, blobs))
        return batch

    def _hold(self, parcel: Parcel) -> Parcel:
        """Bring it onto the target's stage, unless a broken-off copy has left it there."""
        location = Location(PACKED, parcel.digest) if parcel.packed else Location(WHOLE)
        if self._stage.staged_file(location, parcel.digest) is None:
            with self._fetched(parcel) as part:
                name = parcel.digest.hex() + (".zip" if parcel.packed else "")
                self._stage.session.keep(part, name)
        return parcel

    def _send(self, parcel: Parcel) -> Parcel:
        """Bring it to a target that is far."""
        if parcel.size <= PIECE:
            self._target.put(parcel.target, b"".join(self._pieces(parcel)))
        elif self._files is not None:
            for _ in self._pieces(parcel):
                pass  # read to its end, and so checked
            self._target.put(parcel.target, self._files.path(parcel.source))
        else:
            with self._fetched(parcel) as part:
                self._target.put(parcel.target, part)
        return parcel

    @contextmanager
    def _fetched(self, parcel: Parcel) -> Iterator[Path]:
        """A private file with its bytes, checked; gone after the block unless it was moved."""
        part = self._stage.session.new_path()
        try:
            with disk_errors(part), part.open("xb") as file:
                file.writelines(self._pieces(parcel))
                file.flush()
                if self._adopts:
                    os.fsync(file.fileno())
            yield part
        finally:
            part.unlink(missing_ok=True)

    def _pieces(self, parcel: Parcel) -> Iterator[bytes]:
        """Its bytes piece by piece; after the last one BlobCorrupt, if they are not its own."""
        state = hasher(self._algorithm)

        def read(start: int) -> bytes:
            return self._source.get(parcel.source, start, min(start + PIECE, parcel.size))

        starts = range(0, parcel.size, PIECE)
        try:
            for piece in in_flight(self._readers, read, starts, _AHEAD):
                state.update(piece)
                yield piece
        except ObjectMissing as error:
            raise BlobMissing(Digest(self._algorithm, parcel.digest)) from error
        if state.digest() != parcel.digest:
            wanted, got = parcel.digest, state.digest()
            failure = BlobCorrupt(Digest(self._algorithm, wanted), Digest(self._algorithm, got))
            failure.add_note(parcel.source)
            raise failure


def _batches(parcels: list[Parcel]) -> Iterator[list[Parcel]]:
    """Parcels that are made durable together."""
    batch: list[Parcel] = []
    size = 0
    for parcel in parcels:
        batch.append(parcel)
        size += parcel.size
        if len(batch) >= _BATCH_OBJECTS or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
