"""The contract of an object store: five calls and a stat, and what a store may do beyond them.

Retry, tracing, read-only, faults and caches are stores that hold a store. A further ability is
asked for with `ability(store, Files)`, which sees through them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, TypeVar, cast, runtime_checkable

import msgspec


class ObjectStat(msgspec.Struct, frozen=True):
    """What a listing tells of an object; a common prefix has a key that ends in `/`."""

    key: str
    size: int
    modified: float
    """Seconds since the epoch, by the store's clock, not ours."""


class ObjectStore(Protocol):
    """Keeps bytes at keys (see `wbart_storage.keys`). Safe to share between threads.

    Every call is seen by every call that starts after it returned, on any machine. Whatever is
    wrong comes out as a StorageError; whether to try again is in its `transient`.
    """

    def create(self, key: str, data: bytes) -> None:
        """Put data at key if nothing is there, else raise ObjectExists and change nothing.

        Of any number of racing creates exactly one returns. Nobody ever sees a part of data.
        Durable when it returns. Any other error leaves open whether it landed: read back.
        """
        ...

    def put(self, key: str, source: bytes | Path) -> None:
        """Put the bytes, or those of a local file, at key: wholly or not at all; overwrites."""
        ...

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        """The bytes from start up to, not including, end; fewer where the object is shorter.

        Raises ObjectMissing, and ValueError when start is negative or end lies before it.
        """
        ...

    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        """All objects whose keys start with prefix, in key order (bytewise).

        With delimiter `/`, keys that hold one after the prefix are folded into one ObjectStat
        `(key up to and with the delimiter, 0, 0.0)`. A prefix under which nothing lies is empty.
        """
        ...

    def delete(self, keys: Iterable[str]) -> None:
        """Delete the objects; missing ones are no error. Not atomic over several keys."""
        ...

    def stat(self, key: str) -> ObjectStat:
        """Size and time of the object at key; raises ObjectMissing."""
        ...


def check_range(start: int, end: int | None) -> None:
    """Raise ValueError unless start and end are a range as `ObjectStore.get` takes it."""
    if start < 0 or (end is not None and end < start):
        raise ValueError(f"not a range: {start} to {end}")


@runtime_checkable
class Located(Protocol):
    """A store that can say what it is made of and where it lies."""

    @property
    def protocol(self) -> str:
        """The scheme of its URL (`file`, `s3`, …); decides what its promises are worth."""
        ...

    @property
    def place(self) -> str:
        """A path or URL without credentials, fit for messages."""
        ...


@runtime_checkable
class Files(Protocol):
    """A store whose objects are local files that anybody may read in place."""

    def path(self, key: str) -> Path:
        """The file of the object at key, which may not exist. Never write to it."""
        ...


@runtime_checkable
class Adopts(Protocol):
    """A store that can take a finished local file as it is, by rename, without a copy."""

    def staging(self) -> Path:
        """A private folder on the same file system, made if needed; not part of the format."""
        ...

    def adopt(self, key: str, staged: Path) -> None:
        """Take the staged file as the object at key, which must be named by its content.

        Whole or nothing. If the object is there already it may stay or be replaced by its equal;
        the staged file is gone in both cases. Durable only after `Syncs.sync`.
        """
        ...


@runtime_checkable
class Syncs(Protocol):
    """A store that defers durability of what it adopted."""

    def sync(self, keys: Iterable[str]) -> None:
        """Make the adopted objects survive power loss. ObjectMissing if one is not there."""
        ...


@runtime_checkable
class Tidies(Protocol):
    """A store in which deleted objects leave something behind that makes listings slow."""

    def tidy(self, prefixes: Iterable[str]) -> None:
        """Take away what is left of prefixes, each ending in `/`, that no key starts with.

        Safe while others write there.
        """
        ...


class Part(msgspec.Struct, frozen=True):
    """A part of an upload, as the store has it."""

    number: int
    """From 1, in the order in which the parts make the object."""
    size: int
    md5: bytes
    """Raw MD5 of its bytes, empty where the store does not tell."""
    receipt: str
    """What `Parts.complete` needs to hear of it again."""


@runtime_checkable
class Parts(Protocol):
    """A store that takes an object in parts, sent in any order and several at once.

    What is under way is seen by nobody, and waits on the store for whoever knows its name. All
    calls may be repeated. For keys that are named by their content.
    """

    def begin(self, key: str) -> str:
        """Begin an upload and return the name that it has on the store."""
        ...

    def part(self, key: str, upload: str, number: int, data: bytes) -> Part:
        """Send a part. Transient error if it did not arrive as it was sent."""
        ...

    def parts(self, key: str, upload: str) -> list[Part]:
        """The parts that the store has, by number. ObjectMissing if it knows no such upload."""
        ...

    def complete(self, key: str, upload: str, parts: Sequence[Part]) -> None:
        """Make the object of the parts, in their order: at once, and durable.

        ObjectMissing if there is no such upload: it may have been completed before.
        """
        ...

    def abort(self, key: str, upload: str) -> None:
        """Let go of an upload and its parts; one that is not there is no error."""
        ...


_Ability = TypeVar("_Ability")


@runtime_checkable
class Lends(Protocol):
    """A store that holds a store, and says which of its abilities it passes on."""

    def lend(self, wanted: Callable[..., _Ability]) -> _Ability | None:
        """The inner store's ability as this store gives it: as it is, wrapped, or None."""
        ...


def ability(store: object, wanted: Callable[..., _Ability]) -> _Ability | None:
    """What gives the ability (Files, Adopts, Syncs) on behalf of store, or None.

    Ask with this, not with isinstance: a store that holds a store has its inner's abilities.
    """
    if isinstance(store, cast(type, wanted)):
        return cast(_Ability, store)
    return store.lend(wanted) if isinstance(store, Lends) else None
