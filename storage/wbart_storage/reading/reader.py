"""Where the bytes of objects come from: a store itself, or a cache before it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from wbart_storage.disk import disk_error
from wbart_storage.errors import ObjectMissing
from wbart_storage.objects import Files, ObjectStore, ability
from wbart_storage.reading.along import Follower


@dataclass(frozen=True, slots=True)
class LocalFile:
    """An open file of this machine that holds one whole object; its bytes unchecked.

    What is open can be read to its end, even if its name is taken away meanwhile.
    """

    path: str
    fd: int
    lasts: bool
    """Whether it stays for as long as the store has the object: then links may lead there."""

    def close(self) -> None:
        """Close the file."""
        os.close(self.fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Reader(Protocol):
    """Gives the bytes of objects that are named by their content. Safe to share between threads.

    Whoever uses the bytes checks them.
    """

    def get(self, key: str, start: int, end: int) -> bytes:
        """As `ObjectStore.get`."""
        ...

    def file(self, key: str, size: int, along: Follower | None = None) -> LocalFile | None:
        """The object of that size as a local file, None where it cannot be one.

        What has to be fetched for it may be written to along on its way. Raises ObjectMissing.
        """

    def doubt(self, key: str) -> bool:
        """Look at the object again, since its bytes were wrong; whether reading anew may help.

        Raises CacheCorrupt when that was tried already, and the same thing happened.
        """
        ...


class StoreReader:
    """Reads a store itself: nothing is kept. Wrong bytes of a distant one may be the network's."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._files = ability(store, Files)

    def get(self, key: str, start: int, end: int) -> bytes:
        return self._store.get(key, start, end)

    def file(self, key: str, size: int, along: Follower | None = None) -> LocalFile | None:
        if self._files is None:
            return None
        path = os.fspath(self._files.path(key))
        try:
            return LocalFile(path, os.open(path, os.O_RDONLY | os.O_CLOEXEC), lasts=True)
        except FileNotFoundError as error:
            raise ObjectMissing(key) from error
        except OSError as error:
            raise disk_error(error, path) from error

    def doubt(self, key: str) -> bool:
        return self._files is None
