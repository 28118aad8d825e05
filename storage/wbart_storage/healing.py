"""Healing: an object that is gone or damaged, written anew from other copies of its bytes.

The one case in which an object is overwritten: it was not what its name says. What is put has
the digest that it is named by. One exception: a pack of which no copy mends everything gets the
members that can be mended, and keeps every other byte that it has.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copyfile, copyfileobj

from wbart_manifest.digest import hasher
from wbart_manifest.location import PACKED
from wbart_storage.disk import disk_errors
from wbart_storage.errors import ObjectMissing, StorageError
from wbart_storage.good_copies import GoodCopies, read_object
from wbart_storage.objects import ObjectStore
from wbart_storage.reading.blobs import READ, Blobs, Wanted
from wbart_storage.staging.pack import PackWriter

log = logging.getLogger(__name__)

Members = Callable[[bytes], Iterable[Wanted]]
"""All that is known to lie in the pack of that id."""


class Healer:
    """Heals objects of one store from good copies, in bounded memory, by way of local files.

    The folder for these is there, empty, and nobody else's. Serves one thread at a time.
    """

    def __init__(
        self,
        store: ObjectStore,
        blobs: Blobs,
        copies: GoodCopies,
        members: Members,
        folder: Path,
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._copies = copies
        self._members = members
        self._there = folder / "there"
        self._whole = folder / "whole"
        self._part = folder / "part"

    def heal(self, damaged: Iterable[Wanted]) -> Iterator[Wanted]:
        """Heal what can be healed, and yield it; an object whose healing fails is passed over."""
        groups: dict[str, list[Wanted]] = {}
        for each in sorted(damaged, key=lambda each: each.location.offset):
            groups.setdefault(self._blobs.key(each), []).append(each)
        for key, wanted in groups.items():
            try:
                healed = self._heal_object(key, wanted)
            except StorageError as error:
                log.warning("%s is not healed: %s", key, error)
            else:
                yield from healed

    def _heal_object(self, key: str, wanted: list[Wanted]) -> list[Wanted]:
        first = wanted[0]
        packed = first.location.kind == PACKED
        name = first.location.object if packed else first.digest
        if self._fetch(self._copies.object(key), name, self._whole):
            self._store.put(key, self._whole)
            return wanted
        if packed:
            return self._heal_pack(key, name, wanted)
        if self._fetch_blob(first, self._whole):
            self._store.put(key, self._whole)
            return wanted
        return []

    def _heal_pack(self, key: str, name: bytes, wanted: list[Wanted]) -> list[Wanted]:
        is_there = self._load(key)
        mended = self._mend(wanted) if is_there else []
        if is_there and self._digest(self._whole) == name:
            self._store.put(key, self._whole)
            return wanted
        if self._rebuild(name, is_there):
            self._store.put(key, self._part)
            return wanted
        if not mended or not self._is_still(key):
            return []
        self._store.put(key, self._whole)
        return mended

    def _load(self, key: str) -> bool:
        """Take the pack as it is, and a copy of it to be mended."""
        try:
            self._write(read_object(self._store, key), self._there)
        except ObjectMissing:
            return False
        with disk_errors(self._whole):
            copyfile(self._there, self._whole)
        return True

    def _mend(self, wanted: list[Wanted]) -> list[Wanted]:
        """Put members into their places; those for which there was a good copy."""
        size, mended = self._whole.stat().st_size, []
        for each in wanted:
            if each.location.offset + each.location.length > size:
                continue  # the pack is cut: only to be built anew
            if self._fetch_blob(each, self._part):
                self._insert(each.location.offset)
                mended.append(each)
        return mended

    def _insert(self, offset: int) -> None:
        with (
            disk_errors(self._whole),
            self._part.open("rb") as part,
            self._whole.open("r+b") as whole,
        ):
            whole.seek(offset)
            copyfileobj(part, whole)

    def _rebuild(self, name: bytes, is_there: bool) -> bool:
        """Build the pack anew of all its members, if they can be had and are all that was in it."""
        with ThreadPoolExecutor(1, "wbart-heal") as writer:
            self._part.unlink(missing_ok=True)
            pack = PackWriter(self._part, self._blobs.algorithm, writer)
            try:
                complete = all(self._add(pack, each, is_there) for each in self._all(name))
                return complete and pack.close() == name
            finally:
                pack.release()

    def _all(self, name: bytes) -> Sequence[Wanted]:
        """The members of a pack, each once, in the order in which they lie."""
        found = {each.location.offset: each for each in self._members(name)}
        return [found[offset] for offset in sorted(found)]

    def _add(self, pack: PackWriter, wanted: Wanted, is_there: bool) -> bool:
        data = self._member(wanted, is_there)
        return data is not None and pack.add(wanted.digest, data) == wanted.location.offset

    def _member(self, wanted: Wanted, is_there: bool) -> bytes | None:
        """The bytes of one member, of the mended pack or of a good copy."""
        data = b""
        if is_there:
            with disk_errors(self._whole), self._whole.open("rb") as whole:
                whole.seek(wanted.location.offset)
                data = whole.read(wanted.location.length)
        if self._is(data, wanted.digest):
            return data
        blob = self._there.with_name("blob")
        return blob.read_bytes() if self._fetch_blob(wanted, blob) else None

    def _is_still(self, key: str) -> bool:
        """Whether the pack reads as it did: a bad moment of the store must not become its bytes."""
        with disk_errors(self._there), self._there.open("rb") as there:
            return all(there.read(len(piece)) == piece for piece in read_object(self._store, key))

    def _fetch_blob(self, wanted: Wanted, path: Path) -> bool:
        return self._fetch(self._copies.blob(wanted), wanted.digest, path)

    def _fetch(self, pieces: Iterator[bytes], digest: bytes, path: Path) -> bool:
        """Write the pieces to path; whether they came, and are what the digest says."""
        try:
            self._write(pieces, path)
        except StorageError as error:
            log.info("no copy: %s", error)
            return False
        return self._digest(path) == digest

    def _write(self, pieces: Iterator[bytes], path: Path) -> None:
        with disk_errors(path), path.open("wb") as file:
            file.writelines(pieces)

    def _digest(self, path: Path) -> bytes:
        state = hasher(self._blobs.algorithm)
        with disk_errors(path), path.open("rb") as file:
            while piece := file.read(READ):
                state.update(piece)
        return state.digest()

    def _is(self, data: bytes, digest: bytes) -> bool:
        state = hasher(self._blobs.algorithm)
        state.update(data)
        return state.digest() == digest
