"""Small blobs on their way into packs.

A blob's location is known when it is taken in, all but the pack's id, which hangs on the bytes
that follow. Until then a token stands in its place; `place` puts the id there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from wbart_manifest.digest import digest_function
from wbart_manifest.location import EMPTY, PACKED, WHOLE, Location
from wbart_storage.disk import disk_errors
from wbart_storage.errors import StorageError
from wbart_storage.staging.pack import PackWriter
from wbart_storage.staging.session import Session
from wbart_storage.workers import Workers

_REMEMBERED = 500_000
"""Digests of small blobs that are known to be held already; more would cost memory."""


_NO_ID = bytes(24)


class StagedPacks:
    """Fills packs in the order in which blobs come. Serves one thread."""

    def __init__(
        self, session: Session, algorithm: str, size: int, min_members: int, durable: bool = True
    ) -> None:
        self._session = session
        self._durable = durable
        self._algorithm = algorithm
        self._size = size
        self._min_members = min_members
        self._writer = Workers(1, "wbart-pack")
        self._open: PackWriter | None = None
        self._token = bytes(32)
        self._ids: dict[bytes, bytes] = {}
        self._moved: dict[tuple[bytes, int], Location] = {}
        self._held: dict[bytes, Location] = {}
        self._failure: StorageError | None = None
        self.closed: Callable[[bytes], object] = _nothing
        """Told the raw id of each pack as it is closed."""

    def add(self, digest: bytes, data: bytes) -> Location:
        """Hold a blob whose digest the caller took of these very bytes."""
        if not data:
            return Location(EMPTY)
        held = self._held.get(digest)
        if held is not None:
            return held
        pack = self._open or self._begin()
        location = Location(PACKED, self._token, pack.add(digest, data), len(data))
        if len(self._held) < _REMEMBERED:
            self._held[digest] = location
        if pack.size >= self._size:
            self._close()
        return location

    @property
    def tokens(self) -> set[bytes]:
        """The tokens of all packs, the open one among them."""
        return {*self._ids, self._token} if self._open is not None else set(self._ids)

    def pack_id(self, token: bytes) -> bytes | None:
        """The raw id of the closed pack that the token stands for, None while it is open."""
        return self._ids.get(token)

    def place(self, location: Location) -> Location:
        """Where a blob that `add` took lies after `seal`; any other location as it is."""
        name = self._ids.get(location.object)
        if name is not None:
            return Location(PACKED, name, location.offset, location.length)
        moved = self._moved.get((location.object, location.offset))
        return location if moved is None else self.place(moved)

    def seal(self) -> None:
        """Close the open pack. If it is the only one and has few members, they become files.

        Raises again what a pack met that could not be written: what was in it is lost.
        """
        if self._failure is not None:
            raise self._failure
        if self._open is None:
            return
        if len(self._open.members) < self._min_members and not self._ids:
            self._spread()
        else:
            self._close()

    def keep_only(self, token: bytes, live: Iterable[Location]) -> None:
        """Write a closed pack anew with the live blobs alone; needs `seal` after it.

        So what was added and removed again never reaches a store, unless it was sent early.
        """
        path = self._session.ready / f"{self._ids[token].hex()}.zip"
        with disk_errors(path):
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                return
            path.unlink(missing_ok=True)
        del self._ids[token]
        for digest in [digest for digest, place in self._held.items() if place.object == token]:
            del self._held[digest]
        taken = digest_function(self._algorithm)
        for each in sorted(set(live), key=lambda one: one.offset):
            blob = data[each.offset : each.offset + each.length]
            self._moved[token, each.offset] = self.add(taken(blob), blob)

    def close(self) -> None:
        """Let go of the unfinished pack."""
        if self._open is not None:
            self._open.abandon()
            self._open = None
        self._writer.shutdown()

    def _begin(self) -> PackWriter:
        self._token = (int.from_bytes(self._token, "big") + 1).to_bytes(32, "big")
        path = self._session.new_path()
        self._open = PackWriter(path, self._algorithm, self._writer, self._durable)
        return self._open

    def _close(self) -> None:
        with self._ended() as pack:
            name = pack.close()
            self._session.keep(pack.path, name.hex() + ".zip")
            self._ids[self._token] = name
            self.closed(name)

    def _spread(self) -> None:
        with self._ended() as pack, disk_errors(pack.path):
            pack.close()
            data = pack.path.read_bytes()
            for digest, offset, size, _ in pack.members:
                part = self._session.new_path()
                part.write_bytes(data[offset : offset + size])
                self._session.keep(part, digest.hex())
                self._moved[self._token, offset] = Location(WHOLE, length=size)
            pack.path.unlink()

    @contextmanager
    def _ended(self) -> Iterator[PackWriter]:
        pack, self._open = self._open, None
        assert pack is not None, "only an open pack is ended"
        try:
            yield pack
        except StorageError as error:
            self._failure = error
            raise


def _nothing(name: bytes) -> None:
    pass


def is_token(name: bytes) -> bool:
    """Whether a pack's name is a token of a stage and not yet an id (which is a digest)."""
    return name.startswith(_NO_ID)
