"""Blobs read back from a store or its cache, every byte checked against its digest.

This is the one door: whoever wants the bytes of an entry comes through here, so that no store
verifies by itself and none is trusted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple, TypeVar

from wbart_manifest.digest import Digest, digest_function, hasher
from wbart_manifest.location import EMPTY, PACKED, WHOLE, Location
from wbart_storage.errors import BlobCorrupt, BlobMissing, ObjectMissing, StoreUnsupported
from wbart_storage.keys import blob_key, pack_key
from wbart_storage.reading.agreed import agreed
from wbart_storage.reading.ahead import ahead
from wbart_storage.reading.along import Follower
from wbart_storage.reading.reader import LocalFile, Reader

GAP = 256 << 10
"""A gap this small between two wanted ranges is read along: cheaper than a request."""
READ = 8 << 20
"""Bytes of one range read at most, unless a single blob is larger."""

_T = TypeVar("_T")


class Wanted(NamedTuple):
    """A blob that somebody wants, and what it is to be called."""

    path: str
    size: int
    digest: bytes
    location: Location


class Span(NamedTuple):
    """Unchecked bytes of the store, and the blobs that lie in them."""

    data: bytes
    start: int
    """Where they begin in their object."""
    blobs: list[Wanted]

    def of(self, wanted: Wanted) -> memoryview:
        """The bytes of one of the blobs; fewer if it is cut short."""
        begin, end = self.place(wanted)
        return memoryview(self.data)[begin:end]

    def place(self, wanted: Wanted) -> tuple[int, int]:
        """Where one of the blobs begins and ends in data."""
        if wanted.location.kind != PACKED:
            return 0, wanted.size
        begin = wanted.location.offset - self.start
        return begin, begin + wanted.location.length


class Blobs:
    """Reads blobs of one store. Safe to share between threads."""

    def __init__(self, reader: Reader, algorithm: str) -> None:
        self.algorithm = algorithm
        self._reader = reader
        self._digest = digest_function(algorithm)
        self._doubted: set[str] = set()

    def key(self, wanted: Wanted) -> str:
        """The object that holds the blob. Raises StoreUnsupported for a kind unknown here."""
        location = wanted.location
        if location.codec:
            raise StoreUnsupported(f"{wanted.path} is stored with unknown codec {location.codec}")
        if location.kind == PACKED:
            return pack_key(location.object.hex(), location.epoch)
        if location.kind == WHOLE:
            return blob_key(wanted.digest.hex(), location.epoch)
        raise StoreUnsupported(f"{wanted.path} is stored in unknown kind {location.kind}")

    def file(self, wanted: Wanted, along: Follower | None = None) -> LocalFile | None:
        """The local file that is the whole blob, if there is one; its bytes unchecked.

        The caller closes it. What has to be fetched is written along where that saves a copy.
        Raises BlobMissing.
        """
        if wanted.location.kind != WHOLE:
            return None
        try:
            return self._reader.file(self.key(wanted), wanted.size, along)
        except ObjectMissing as error:
            raise BlobMissing(self.named(wanted)) from error

    def twice(self, wanted: Wanted, use: Callable[[], _T]) -> _T:
        """Return use(), done once more if it meets damage that may not be the store's own.

        That is a copy before the store, or a network that changes bytes on the way: from now on
        the object is read until two readings agree. Raises BlobCorrupt, CacheCorrupt if the copy
        is damaged again, StoreUnavailable if no two readings agree.
        """
        key = self.key(wanted)
        try:
            return use()
        except BlobCorrupt:
            if not self._reader.doubt(key):
                raise
            self._doubted.add(key)
        try:
            return use()
        except BlobCorrupt:
            self._reader.doubt(key)
            raise

    def read(self, wanted: Wanted) -> bytes:
        """The bytes of one blob. Raises BlobMissing, BlobCorrupt."""
        for _, data in self.read_many([wanted]):
            return bytes(data)
        raise AssertionError("read_many yields every blob that is wanted")

    def read_many(self, wanted: Iterable[Wanted]) -> Iterator[tuple[Wanted, memoryview]]:
        """Yield each blob with its checked bytes, in the order in which they lie in the store."""
        for each, data in self.read_unchecked(wanted):
            yield each, self.checked(each, data)

    def checked(self, wanted: Wanted, data: memoryview) -> memoryview:
        """Return data if it is the blob, else what it is when it is read once more."""
        if self._digest(data) == wanted.digest:
            return data
        if wanted.location.kind == EMPTY:
            raise self.corrupt(wanted, data)
        return self.twice(wanted, partial(self._read_again, wanted))

    def read_unchecked(self, wanted: Iterable[Wanted]) -> Iterator[tuple[Wanted, memoryview]]:
        """As `read_many`, for a caller that checks the bytes itself and goes on where they differ.

        A blob that is cut short comes with fewer bytes; one that is missing raises BlobMissing.
        """
        for span in self.spans(wanted):
            for each in span.blobs:
                yield each, span.of(each)

    def spans(self, wanted: Iterable[Wanted]) -> Iterator[Span]:
        """Yield unchecked bytes with the wanted blobs in them, as many as one read can bring.

        Raises BlobMissing.
        """
        packed: list[tuple[str, Wanted]] = []
        for each in wanted:
            if each.location.kind == EMPTY:
                yield Span(b"", 0, [each])
            elif each.location.kind == WHOLE:
                yield Span(self._get(self.key(each), each, 0, each.size), 0, [each])
            else:
                packed.append((self.key(each), each))
        packed.sort(key=lambda pair: (pair[0], pair[1].location.offset))
        for key, group in _ranges(packed):
            start = group[0].location.offset
            yield Span(self._get(key, group[0], start, _end(group[-1])), start, group)

    def pieces(self, wanted: Wanted) -> Iterator[bytes]:
        """The bytes of one large blob piece by piece; the last piece comes after the check."""
        if wanted.location.kind == EMPTY:
            return
        state, held = hasher(self.algorithm, threads=2), b""
        key, base = self.key(wanted), wanted.location.offset
        end = base + wanted.size
        for piece in ahead(lambda a, b: self._get(key, wanted, a, b), base, end, READ):
            if held:
                yield held
            held = piece
            state.update(held)
        if state.digest() != wanted.digest:
            raise self.corrupt_digest(wanted, state.digest())
        yield held

    def named(self, wanted: Wanted) -> Digest:
        """The digest that is wanted, as a value."""
        return Digest(self.algorithm, wanted.digest)

    def corrupt(self, wanted: Wanted, data: memoryview) -> BlobCorrupt:
        """The error that says that data is not what was wanted."""
        return self.corrupt_digest(wanted, self._digest(data))

    def corrupt_digest(self, wanted: Wanted, got: bytes) -> BlobCorrupt:
        """The error that says that bytes of the raw digest got are not what was wanted."""
        error = BlobCorrupt(self.named(wanted), Digest(self.algorithm, got))
        error.add_note(wanted.path)
        return error

    def _read_again(self, wanted: Wanted) -> memoryview:
        [(_, data)] = self.read_unchecked([wanted])
        if self._digest(data) != wanted.digest:
            raise self.corrupt(wanted, data)
        return data

    def _get(self, key: str, wanted: Wanted, start: int, end: int) -> bytes:
        read = partial(self._reader.get, key, start, end)
        try:
            return agreed(read, key) if key in self._doubted else read()
        except ObjectMissing as error:
            raise BlobMissing(self.named(wanted)) from error


def _ranges(packed: list[tuple[str, Wanted]]) -> Iterator[tuple[str, list[Wanted]]]:
    """Group sorted members into runs that one range read serves."""
    key, group = "", list[Wanted]()
    for next_key, each in packed:
        if group and (
            next_key != key
            or each.location.offset - _end(group[-1]) > GAP
            or _end(each) - group[0].location.offset > READ
        ):
            yield key, group
            group = []
        key = next_key
        group.append(each)
    if group:
        yield key, group


def _end(wanted: Wanted) -> int:
    return wanted.location.offset + wanted.location.length
