"""The stage: where the bytes of a draft wait, hashed and packed, until its commit.

On a local store it lies on the store's own file system, so that what is staged is moved into
place and never copied twice.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue

from wbart_manifest.digest import Digest, Hasher
from wbart_manifest.location import PACKED, WHOLE, Location
from wbart_storage.disk import disk_errors, open_source, source_error
from wbart_storage.errors import BlobMissing, ObjectMissing, SourceChanged
from wbart_storage.files.direct import create_direct, sync_files
from wbart_storage.files.pump import Pump
from wbart_storage.keys import blob_key, pack_key
from wbart_storage.objects import Adopts, ObjectStore, Syncs, ability
from wbart_storage.staging.early import Early
from wbart_storage.staging.foreknown import Foreknown, Known
from wbart_storage.staging.lent import Lent, Pieces
from wbart_storage.staging.sending import LARGE, Sending, Staged, Unwatched, Watcher
from wbart_storage.staging.session import Session
from wbart_storage.staging.staged_packs import StagedPacks

_FICLONE = 0x40049409  # linux/fs.h
_UNWATCHED = Unwatched()


class Stage:
    """The packs and blobs of one session. `large` may be called from several threads.

    With durable=False power loss may take bytes of what was published. With lends, the store takes
    large files from where they lie: see `lent`.
    """

    def __init__(
        self,
        session: Session,
        algorithm: str,
        *,
        pack_size: int,
        min_members: int,
        durable: bool = True,
        lends: bool = False,
    ) -> None:
        self.session = session
        self.packs = StagedPacks(session, algorithm, pack_size, min_members, durable)
        self._durable = durable
        self._algorithm = algorithm
        self._pumps: SimpleQueue[Pump] = SimpleQueue()
        self._clones = True
        self._believed: set[str] = set()
        self._lends = lends
        self._lending = False
        self._lent: dict[bytes, Lent] = {}
        self._early: Early | None = None
        self.foreknown: Foreknown | None = None
        """What may have been hashed already, of files that are lent."""

    def send_early(self, store: ObjectStore) -> None:
        """Send packs as they are closed, where the store is far; `publish` waits for them.

        A draft that is given up leaves them in the store, for a sweep to find.
        """
        if ability(store, Adopts) is None:
            sending = Sending(store, self.session, self._found, self._algorithm, _UNWATCHED)
            self._early = Early(sending.size, sending.put)
            self.packs.closed = self._early.begin

    @contextmanager
    def lent(self, lent: bool = True) -> Iterator[None]:
        """Large files that are taken in by the block stay as they are until they are published.

        So they need not be copied where the store is far. Of one that has changed by then nothing
        is stored: SourceChanged.
        """
        self._lending = self._lends and lent
        try:
            yield
        finally:
            self._lending = False

    def large(self, path: str, also: Hasher | None = None) -> tuple[bytes, os.stat_result]:
        """Copy a large file in, or note it if it is lent; return its digest and its status then.

        `also` sees the same bytes. Raises SourceChanged when the file changed meanwhile.
        """
        try:
            source = open_source(path)
        except OSError as error:
            raise source_error(error, path) from error
        try:
            if self._lending and os.fstat(source).st_size >= LARGE:
                return self._note(source, path, also)
            return self._copy_in(source, path, also)
        finally:
            os.close(source)

    def holds(self, location: Location, digest: bytes) -> bool:
        """Whether the object lies ready here, left by this or by an interrupted session."""
        return self.staged_file(location, digest) is not None

    def lends(self, location: Location, digest: bytes) -> bool:
        """Whether a lent file will do for the object: only for what is itself taken in as lent."""
        return self._lending and self.lent_file(location, digest) is not None

    def staged_file(self, location: Location, digest: bytes) -> Path | None:
        """The finished file that holds the object; None when it is not here."""
        if location.kind not in (PACKED, WHOLE):
            return None
        if location.kind == PACKED:
            return self._found(location.object, ".zip")
        return self._found(digest, "")

    def lent_file(self, location: Location, digest: bytes) -> Lent | None:
        """The files of somebody else that held the object when they were noted."""
        return self._lent.get(digest) if location.kind == WHOLE else None

    def hold(self, digest: bytes, data: bytes) -> Location:
        """Hold bytes in memory that are too many for a pack."""
        part = self.session.new_path()
        with disk_errors(part):
            part.write_bytes(data)
        self.session.keep(part, digest.hex())
        return Location(WHOLE, length=len(data))

    def publish(
        self,
        store: ObjectStore,
        packs: Iterable[bytes],
        blobs: Iterable[bytes],
        watcher: Watcher = _UNWATCHED,
    ) -> list[str]:
        """Put packs and blobs into the store and return the keys of those that were sent.

        What is not staged must lie in the store already, else BlobMissing. Bytes are durable
        before they have their name, so that no power loss leaves a name without its bytes; the
        names themselves are durable only after `settle`.
        """
        blobs = list(blobs)
        if self._durable:
            sync_files([path for each in blobs if (path := self._found(each, ""))])
        early, packs = self._sent_early(packs, watcher)
        objects = [Staged(pack_key(name.hex()), name, ".zip") for name in packs]
        objects += [Staged(blob_key(digest.hex()), digest, "") for digest in blobs]
        adopts = ability(store, Adopts)
        if adopts is not None and adopts.staging() == self.session.ready.parent:
            return [each.key for each in objects if self._adopted(store, adopts, each, watcher)]
        sending = Sending(store, self.session, self._found, self._algorithm, watcher, self._lent)
        return early + sending.run(objects)

    def tidy(self, store: ObjectStore) -> None:
        """Remove what this session staged although the store had it already."""
        for path in self.session.kept():
            name, packed, _ = path.name.partition(".zip")
            try:
                store.stat(pack_key(name) if packed else blob_key(name))
            except ObjectMissing:
                continue
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of everything unfinished; the folder goes with the session."""
        if self._early is not None:
            self._early.close()
        self.packs.close()
        while not self._pumps.empty():
            self._pumps.get().close()
        self.session.close()

    def _sent_early(
        self, packs: Iterable[bytes], watcher: Watcher
    ) -> tuple[list[str], list[bytes]]:
        """The keys of those packs that were sent early, and the packs that were not."""
        sent = {} if self._early is None else self._early.sent()
        keys, rest = list[str](), list[bytes]()
        for name in packs:
            if name not in sent:
                rest.append(name)
                continue
            watcher.sent(sent[name].size)
            watcher.stored(name)
            if sent[name].key:
                keys.append(sent[name].key)
        return keys, rest

    def _note(self, source: int, path: str, also: Hasher | None) -> tuple[bytes, os.stat_result]:
        before = os.fstat(source)
        known = None
        if self.foreknown is not None and also is None:
            known = self.foreknown.take(before, self._algorithm)
        digest, size, pieces = known or self._hash(source, path, also)
        _check_unchanged(source, path, before, size)
        lent = self._lent.get(digest, Lent((), pieces))
        others = tuple(each for each in lent.paths if each != Path(path))
        self._lent[digest] = Lent((*others, Path(path)), lent.pieces)
        return digest, before

    def _hash(self, source: int, path: str, also: Hasher | None) -> Known:
        pump, pieces = self._pump(), Pieces(also)
        try:
            digest, size = pump.digest(source, pieces)
        except OSError as error:
            raise source_error(error, path) from error
        finally:
            self._pumps.put(pump)
        return Known(digest, size, pieces)

    def _copy_in(self, source: int, path: str, also: Hasher | None) -> tuple[bytes, os.stat_result]:
        before = os.fstat(source)
        part = self.session.new_path()
        pump = self._pump()
        try:
            with disk_errors(part):
                target = create_direct(part)
                try:
                    digest, size = self._fill(source, target, pump, also)
                finally:
                    os.close(target)
            _check_unchanged(source, path, before, size)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        finally:
            self._pumps.put(pump)
        self.session.keep(part, digest.hex())
        return digest, before

    def _pump(self) -> Pump:
        try:
            return self._pumps.get_nowait()
        except Empty:
            return Pump(self._algorithm)

    def _fill(self, source: int, target: int, pump: Pump, also: Hasher | None) -> tuple[bytes, int]:
        if self._clones:
            try:
                fcntl.ioctl(target, _FICLONE, source)
            except OSError:
                self._clones = False  # not this file system, or not across two
            else:
                return pump.digest(target, also)
        return pump.copy(source, target, also)

    def _found(self, digest: bytes, suffix: str) -> Path | None:
        """A finished file of that digest; one of another session is read before it is believed.

        That session may have died by power loss, which can take bytes and leave names.
        """
        name = digest.hex() + suffix
        path = self.session.find(name)
        if path is None or self.session.made(name) or name in self._believed:
            return path
        if self._digest(path) != digest:
            path.unlink(missing_ok=True)
            return None
        self._believed.add(name)
        return path

    def _digest(self, path: Path) -> bytes:
        pump = self._pump()
        try:
            with disk_errors(path):
                fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                try:
                    return pump.digest(fd)[0]
                finally:
                    os.close(fd)
        finally:
            self._pumps.put(pump)

    def _adopted(
        self, store: ObjectStore, adopts: Adopts, staged: Staged, watcher: Watcher
    ) -> bool:
        """Move a staged file into the store; False if it was there already."""
        path = self._found(staged.name, staged.suffix)
        try:
            if path is None:
                store.stat(staged.key)
            else:
                size = path.stat().st_size
                adopts.adopt(staged.key, path)
                watcher.sent(size)
        except (ObjectMissing, SourceChanged, FileNotFoundError):
            self._taken(store, staged.key, staged.name)
            path = self.session.ready
        watcher.stored(staged.name)
        return path is not None

    def _taken(self, store: ObjectStore, key: str, name: bytes) -> None:
        """Another process may have moved the same staged file into the store before us."""
        try:
            store.stat(key)
        except ObjectMissing as error:
            raise BlobMissing(Digest(self._algorithm, name)) from error


def _check_unchanged(source: int, path: str, before: os.stat_result, size: int) -> None:
    if size != before.st_size or os.fstat(source).st_mtime_ns != before.st_mtime_ns:
        raise SourceChanged(f"file changed while it was read: {path}")


def settle(store: ObjectStore, keys: Iterable[str]) -> None:
    """Make what was published survive power loss, where the store has that to do."""
    syncs = ability(store, Syncs)
    if syncs is not None:
        syncs.sync(keys)
