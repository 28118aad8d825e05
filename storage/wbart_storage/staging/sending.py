"""Staged objects on their way into a distant store: many at once, in bounded memory.

Nothing is asked before it is sent where sending costs no more than asking.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, Protocol

from wbart_manifest.digest import Digest
from wbart_storage.errors import BlobMissing, ObjectMissing, SourceChanged
from wbart_storage.in_flight import Room, in_flight
from wbart_storage.objects import ObjectStore, Parts, ability
from wbart_storage.staging.lent import Lent
from wbart_storage.staging.multipart import Multipart
from wbart_storage.staging.session import Session

LARGE = 64 << 20
"""From this size on, a file is sent in parts where the store takes them."""
AT_ONCE = 16
_MEMORY = 96 << 20
"""Bytes of objects under way; a file system's client holds each whole, and some of it twice."""
_HEAVY = 8 << 20
_HEAVY_AT_ONCE = 3
"""Packs at once: malloc keeps for each thread what it once gave it."""
_ASKED = 1 << 20
"""From this size on it is cheaper to ask whether the store has an object than to send it again."""

NONE_LENT: Mapping[bytes, Lent] = MappingProxyType({})


class Staged(NamedTuple):
    """An object that is to be in the store; its bytes lie on the stage, or are there already."""

    key: str
    name: bytes
    """The raw digest of its bytes."""
    suffix: str


class Watcher(Protocol):
    """Is told how the sending goes on, from any thread; should return at once."""

    def sent(self, size: int) -> None:
        """So many bytes more have been sent."""
        ...

    def stored(self, name: bytes) -> None:
        """The object of that raw digest is in the store."""
        ...


class Unwatched:
    """The watcher who looks away."""

    def sent(self, size: int) -> None:
        pass

    def stored(self, name: bytes) -> None:
        pass


class Sending:
    """Sends what one session has staged. Serves one thread, and uses several itself."""

    def __init__(
        self,
        store: ObjectStore,
        session: Session,
        found: Callable[[bytes, str], Path | None],
        algorithm: str,
        watcher: Watcher,
        lent: Mapping[bytes, Lent] = NONE_LENT,
    ) -> None:
        """`lent` are large files of others, by digest: sent from where they lie, and left there."""
        self._store = store
        self._session = session
        self._found = found
        self._algorithm = algorithm
        self._watcher = watcher
        self._lent = lent
        self._room = Room(_MEMORY)

    def run(self, objects: Iterable[Staged]) -> list[str]:
        """Put all objects into the store; the keys of those that had to be sent.

        The first error stops the rest. Raises BlobMissing for what is neither here nor there.
        """
        parts = ability(self._store, Parts)
        small, packs = list[Staged](), list[Staged]()
        large, lent = list[Staged](), list[Staged]()
        for each in objects:
            size = self.size(each)
            if parts is not None and self._only_lent(each):
                lent.append(each)
            elif parts is not None and size >= LARGE:
                large.append(each)
            else:
                (packs if size >= _HEAVY else small).append(each)
        sent = self._many(small, AT_ONCE) + self._many(packs, _HEAVY_AT_ONCE)
        if parts is not None and (large or lent):
            sent += self._in_parts(large, lent, parts)
        return [key for key in sent if key]

    def _many(self, objects: list[Staged], threads: int) -> list[str]:
        if not objects:
            return []
        with ThreadPoolExecutor(min(threads, len(objects)), "wbart-send") as executor:
            return list(in_flight(executor, self.put, objects, 2 * threads))

    def _in_parts(self, objects: list[Staged], lent: list[Staged], parts: Parts) -> list[str]:
        multipart = Multipart(self._store, parts, self._session.uploads)
        try:
            multipart.sweep()
            sent = [self._send(each, self._multiply(multipart)) for each in objects]
            return sent + [self._send_lent(each, multipart) for each in lent]
        finally:
            multipart.close()

    def put(self, staged: Staged) -> str:
        """Put one object into the store at once; its key, or nothing if it was there."""
        with self._room.taken(self.size(staged)):
            return self._send(staged, self._whole)

    def size(self, staged: Staged) -> int:
        """Bytes of the object as it is staged; 0 when it is not."""
        path = self._session.find(f"{staged.name.hex()}{staged.suffix}")
        try:
            return os.stat(path).st_size if path is not None else 0
        except FileNotFoundError:
            return 0  # taken by another session

    def _whole(self, key: str, path: Path) -> None:
        size = path.stat().st_size
        self._store.put(key, path)
        self._watcher.sent(size)

    def _multiply(self, multipart: Multipart) -> Callable[[str, Path], None]:
        return lambda key, path: multipart.send(key, path, self._watcher.sent)

    def _send(self, staged: Staged, send: Callable[[str, Path], None]) -> str:
        path = self._found(staged.name, staged.suffix)
        key = staged.key
        try:
            if path is None:
                self._store.stat(key)
                key = ""
            elif self._may_be_there(staged) and self._is_there(staged, path):
                path.unlink(missing_ok=True)
                key = ""
            else:
                send(key, path)
                path.unlink(missing_ok=True)
        except (ObjectMissing, SourceChanged, FileNotFoundError):
            self._taken(staged)
        self._watcher.stored(staged.name)
        return key

    def _send_lent(self, staged: Staged, multipart: Multipart) -> str:
        """Send a file that is not ours, if it holds still what was seen of it."""
        lent, key = self._lent[staged.name], staged.key
        if self._has(key, lent.pieces.size):
            key = ""
        else:
            self._send_one_of(lent, key, multipart)
        self._watcher.stored(staged.name)
        return key

    def _send_one_of(self, lent: Lent, key: str, multipart: Multipart) -> None:
        for path in lent.paths[:-1]:
            try:
                multipart.send(key, path, self._watcher.sent, lent.pieces)
            except SourceChanged:
                continue
            return
        multipart.send(key, lent.paths[-1], self._watcher.sent, lent.pieces)

    def _only_lent(self, staged: Staged) -> bool:
        """What is staged, too, was copied since its file may change: that is sent."""
        lent = not staged.suffix and staged.name in self._lent
        return lent and self._found(staged.name, staged.suffix) is None

    def _may_be_there(self, staged: Staged) -> bool:
        """A pack that was just made holds what the store was not known to have."""
        return not (staged.suffix and self._session.made(f"{staged.name.hex()}{staged.suffix}"))

    def _is_there(self, staged: Staged, path: Path) -> bool:
        size = path.stat().st_size
        return size >= _ASKED and self._has(staged.key, size)

    def _has(self, key: str, size: int) -> bool:
        try:
            return self._store.stat(key).size == size
        except ObjectMissing:
            return False

    def _taken(self, staged: Staged) -> None:
        """Another process may have sent the same staged file before us."""
        try:
            self._store.stat(staged.key)
        except ObjectMissing as error:
            raise BlobMissing(Digest(self._algorithm, staged.name)) from error
