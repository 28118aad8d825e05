"""Taking local files in: known ones by their fingerprints, the others by reading them once.

The hot loop of `add_dir`: everything that happens for every file happens here, on one thread,
since small reads and hashes hold the interpreter lock; large files are copied beside it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from stat import S_ISREG

import msgspec

from wbart_manifest.digest import Buffer, Hasher, digest_function
from wbart_manifest.location import EMPTY, PACKED, WHOLE, Location
from wbart_storage.disk import READING, source_error
from wbart_storage.errors import ObjectMissing, SourceChanged
from wbart_storage.files.fingerprint import Fingerprints, Print, unpack_place
from wbart_storage.files.recall import Recall
from wbart_storage.files.scan import Found, scan, scan_columns
from wbart_storage.files.stamp import NEVER, changed, racy, stamp
from wbart_storage.keys import blob_key, pack_key
from wbart_storage.objects import Files, ObjectStore, ability
from wbart_storage.progress import Event, Progress
from wbart_storage.staging.ledger import Known, Ledger
from wbart_storage.staging.stage import Stage

_TRIES = 3
_ASKED_AT_ONCE = 16


class Taken(msgspec.Struct, frozen=True, gc=False):
    """A local file that is in the store or on the stage."""

    path: str
    size: int
    digest: bytes
    location: Location
    second: bytes


@dataclass(frozen=True, slots=True)
class Second:
    """A second digest to be taken of the same bytes, for those who must compare with W&B's."""

    mark: bytes
    """One byte that names the algorithm in a fingerprint."""
    of: Callable[[Buffer], bytes]
    hasher: Callable[[], Hasher]


class Ingest:
    """Takes files into one stage for one store. Serves one thread; `executor` copies for it."""

    def __init__(
        self,
        stage: Stage,
        store: ObjectStore,
        fingerprints: Fingerprints,
        algorithm: str,
        *,
        max_member: int,
        now_ns: Callable[[], int],
        executor: Executor,
        second: Second | None = None,
    ) -> None:
        self._stage = stage
        self._store = store
        self._fingerprints = fingerprints
        self._algorithm = algorithm
        self._digest = digest_function(algorithm)
        self._max_member = max_member
        self._now_ns = now_ns
        self._executor = executor
        self._second = second
        self._asks_places = fingerprints.has_places()
        self._present: dict[bytes, int] = {}
        self._is_far = ability(store, Files) is None
        self._ledger = Ledger(fingerprints, stage.packs)

    def folder(self, root: str, progress: Progress) -> Iterator[list[Taken]]:
        """Take in every file below root, sorted by path, a batch at a time."""
        known = Known(self._fingerprints.below(root))
        started, files, size = self._now_ns(), 0, 0
        for batch in scan(root):
            taken = self._batch(root, batch, known, started)
            files += len(taken)
            size += sum(each.size for each in taken)
            progress(Event("hash", files, size))
            yield taken
        self._forget(root, known.gone())

    def changed(self, root: str, gone: list[str], progress: Progress) -> Iterator[list[Taken]]:
        """As `folder`, but only the files that are not as their fingerprints say.

        The paths that have a fingerprint and no file any more are put into gone at the end.
        """
        recall = Recall(self._fingerprints.digests_below(root))
        started, files = self._now_ns(), 0
        for paths, stats in scan_columns(root):
            files += len(paths)
            digests = recall.digests(paths, list(map(stamp, stats)))
            changed = [
                Found(path, status)
                for path, status, digest in zip(paths, stats, digests, strict=True)
                if not digest
            ]
            if changed:
                yield self._batch(root, changed, Known(iter(())), started)
            progress(Event("hash", files, 0))
        gone += recall.gone()
        self._forget(root, gone)

    def recorded(self, root: str) -> int:
        """How many times the prints below root were changed from here; after `finish`."""
        return self._ledger.recorded.get(root, 0)

    def _forget(self, root: str, gone: list[str]) -> None:
        if gone:
            self._ledger.forget(root, gone)

    def file(self, path: str) -> Taken:
        """Take in one file; its path in the answer is its name."""
        root, name = os.path.split(os.path.abspath(path))
        try:
            found = Found(name, os.stat(path))
        except OSError as error:
            raise source_error(error, path) from error
        if not S_ISREG(found.stat.st_mode):
            raise SourceChanged(f"not a regular file: {path}")
        known = self._fingerprints.find(root, name)
        prints = Known(iter([known] if known else []))
        return self._batch(root, [found], prints, self._now_ns())[0]

    def data(self, data: bytes) -> Taken:
        """Take in bytes that are no file; they go where a file of their size would go."""
        digest = self._digest(data)
        second = self._second.of(data) if self._second else b""
        hold = self._stage.packs.add if len(data) < self._max_member else self._stage.hold
        location = hold(digest, data)
        return Taken("", len(data), digest, location, second)

    def settle(self) -> None:
        """Remember the files whose packs are closed by now."""
        self._ledger.settle()

    def finish(self) -> None:
        """Remember the rest, after `seal`, and wait until it is written."""
        self._ledger.settle()
        self._ledger.finish()

    def close(self) -> None:
        """Let go of the fingerprints."""
        self._ledger.close()

    def _batch(self, root: str, batch: list[Found], known: Known, started: int) -> list[Taken]:
        taken: list[Taken | None] = []
        large: list[tuple[int, Found]] = []
        prints = [known.at(found.path) for found in batch]
        if self._is_far and len(batch) > 1:
            marked = zip(prints, batch, strict=True)
            self._ask(each for each, one in marked if each and each.stamp == stamp(one.stat))
        for found, known_print in zip(batch, prints, strict=True):
            status = found.stat
            hit = self._hit(found, known_print, stamp(status))
            if hit is not None:
                taken.append(hit)
            elif status.st_size < self._max_member:
                taken.append(self._small(root, found, started))
            else:
                large.append((len(taken), found))
                taken.append(None)
        copied = self._executor.map(lambda pair: self._large(root, pair[1]), large)
        for (position, _), each in zip(large, copied, strict=True):
            taken[position] = self._large_taken(root, each, started)
        self.settle()
        return [each for each in taken if each is not None]

    def _hit(self, found: Found, known: Print | None, mark: bytes) -> Taken | None:
        if known is None or known.stamp != mark or known.place is None:
            return None
        second = b""
        if self._second is not None:
            if known.wandb[:1] != self._second.mark:
                return None
            second = known.wandb[1:]
        location = unpack_place(known.place, known.digest)
        if location is None or not self._is_there(location, known.digest):
            return None
        return Taken(found.path, found.stat.st_size, known.digest, location, second)

    def _ask(self, prints: Iterable[Print]) -> None:
        """Look for what files are known to be in, many objects at once: each is a round trip."""
        asked: dict[bytes, tuple[Location, bytes]] = {}
        for known in prints:
            location = unpack_place(known.place, known.digest) if known.place else None
            if location is not None and location.kind != EMPTY:
                name = location.object if location.kind == PACKED else known.digest
                if name not in self._present:
                    asked[name] = location, known.digest
        if len(asked) > 1:
            with ThreadPoolExecutor(_ASKED_AT_ONCE, "wbart-ask") as executor:
                sizes = executor.map(lambda pair: self._held(*pair), asked.values())
                self._present.update(zip(asked, sizes, strict=True))

    def _held(self, location: Location, digest: bytes) -> int:
        """How much of the object there is, in the store or on the stage; -1 for nothing."""
        return (
            sys.maxsize if self._stage.holds(location, digest) else self._stored(location, digest)
        )

    def _is_there(self, location: Location, digest: bytes) -> bool:
        """Whether the store, or the stage, really holds the bytes: asked once for each object."""
        if location.kind == EMPTY or self._stage.lends(location, digest):
            return True
        name = location.object if location.kind == PACKED else digest
        size = self._present.get(name)
        if size is None:
            size = self._present[name] = self._held(location, digest)
        # An object that was cut short is no place for what lay behind the cut.
        return location.offset + location.length <= size

    def _stored(self, location: Location, digest: bytes) -> int:
        """The size of the object in the store; -1 if it is not there."""
        key = (
            pack_key(location.object.hex(), location.epoch)
            if location.kind == PACKED
            else blob_key(digest.hex(), location.epoch)
        )
        try:
            return self._store.stat(key).size
        except ObjectMissing:
            return -1

    def _small(self, root: str, found: Found, started: int) -> Taken:
        data, status = _read(f"{root}/{found.path}", found.stat)
        digest = self._digest(data)
        second = self._second.of(data) if self._second else b""
        location = self._known_place(digest) or self._stage.packs.add(digest, data)
        taken = Taken(found.path, len(data), digest, location, second)
        self._note(root, Found(found.path, status), started, taken)
        return taken

    def _known_place(self, digest: bytes) -> Location | None:
        place = self._fingerprints.place(digest) if self._asks_places else None
        if place is None:
            return None
        location = unpack_place(place, digest)
        return location if location and self._is_there(location, digest) else None

    def _large(self, root: str, found: Found) -> tuple[Found, bytes, bytes]:
        path = f"{root}/{found.path}"
        for attempt in range(_TRIES):
            second = self._second.hasher() if self._second else None
            try:
                digest, status = self._stage.large(path, second)
            except SourceChanged:
                if attempt == _TRIES - 1:
                    raise
                continue
            return Found(found.path, status), digest, second.digest() if second else b""
        raise SourceChanged(f"file changed while it was read: {path}")

    def _large_taken(self, root: str, copied: tuple[Found, bytes, bytes], started: int) -> Taken:
        found, digest, second = copied
        size = found.stat.st_size
        taken = Taken(found.path, size, digest, Location(WHOLE, length=size), second)
        self._note(root, found, started, taken)
        return taken

    def _note(
        self,
        root: str,
        found: Found,
        started: int,
        taken: Taken,
    ) -> None:
        """Remember the file as it was read, to be read again if a change could hide in its times.

        Not to remember it would be to overlook that it is gone (`changed`).
        """
        mark = NEVER if racy(changed(found.stat), started) else stamp(found.stat)
        second = self._second.mark + taken.second if self._second else b""
        self._ledger.note(root, Print(found.path, mark, taken.digest, None, second), taken.location)


def _read(path: str, seen: os.stat_result) -> tuple[bytes, os.stat_result]:
    """Read a small file whole, with the status that belongs to just these bytes."""
    try:
        fd = os.open(path, READING)
        try:
            for _ in range(_TRIES):
                data = os.pread(fd, seen.st_size + 1, 0)
                after = os.fstat(fd)
                if len(data) == seen.st_size == after.st_size and (
                    after.st_mtime_ns == seen.st_mtime_ns and after.st_ino == seen.st_ino
                ):
                    return data, seen
                seen = after
        finally:
            os.close(fd)
    except OSError as error:
        raise source_error(error, path) from error
    raise SourceChanged(f"file changed while it was read: {path}")
