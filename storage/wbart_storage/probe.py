"""Find out what a backend really does, before a store is trusted to it.

Trying finds servers that ignore preconditions. It cannot find a look-then-write that happens to
win its races, so the protocol has to be on a list, too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, replace

from wbart_storage.errors import (
    AccessDenied,
    ObjectExists,
    ObjectMissing,
    StorageError,
    StoreRefused,
)
from wbart_storage.objects import Located, ObjectStore, Tidies, ability
from wbart_storage.tokens import token_hex

TRUSTED = frozenset({"file", "memory", "s3", "s3a", "gs", "gcs", "az", "abfs", "abfss"})
"""Protocols whose create is known to be exclusive where the server is."""

_READ_ONLY = frozenset({"http", "https", "github", "gist", "data", "git", "jupyter", "reference"})
_SIZE = 1000


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a backend was seen to do; kept in wbart.json."""

    create: bool
    """Of several creates of one key exactly one returns, and its bytes are what is there."""
    range: bool
    """A part of an object can be read."""
    list: bool
    """An object is listed as soon as it is put, and no longer once it is deleted."""
    delete: bool
    """A deleted object is gone, and deleting it again is no error."""

    def missing(self) -> tuple[str, ...]:
        """The names of what the backend does not do."""
        return tuple(name for name, is_there in asdict(self).items() if not is_there)


ABLE = Abilities(create=True, range=True, list=True, delete=True)
"""What a backend does when all is well."""


_FAILINGS = {
    "create": "lets a second writer overwrite what a first has created",
    "range": "does not read the part of an object that it is asked for",
    "list": "does not list, in bytewise order, what is there",
    "delete": "does not delete what it is told to",
}


def probe(
    store: ObjectStore, racers: int = 8, rounds: int = 3, *, need_create: bool = False
) -> Abilities:
    """Try out store below `hints/probe/`, and leave nothing there.

    With need_create nothing more is tried once that is lacking, and so counts as there.

    Raises what the store raises when it cannot be reached or written at all.
    """
    folder = f"hints/probe/{token_hex(8)}/"
    raced = [f"{folder}{number}" for number in range(2, rounds + 2)]
    # These two change places where names are put in order folder by folder.
    listed = [f"{folder}0", f"{folder}1", f"{folder}n-a", f"{folder}n/a"]
    try:
        # Who ignores conditions is not raced: that tears objects, and proves no more.
        create = _refuses_second(store, listed[0]) and all(
            _one_winner(store, key, racers) for key in raced
        )
        if need_create and not create:
            return replace(ABLE, create=False)
        return Abilities(
            create=create,
            range=_reads_range(store, listed[1]),
            list=_lists_at_once(store, folder, listed, raced),
            delete=_deletes(store, folder, listed + raced),
        )
    finally:
        with suppress(ObjectMissing):
            store.delete(listed + raced)
        tidies = ability(store, Tidies)
        if tidies is not None:
            tidies.tidy([f"{folder}n/", folder, "hints/probe/"])


def check_protocol(protocol: str, place: str, single_writer: bool = False) -> None:
    """Raise StoreRefused saying why a protocol may hold no store; asks nobody, so do it first.

    With single_writer the user answers for there being one writer at a time.
    """
    if protocol in TRUSTED:
        return
    if protocol in _READ_ONLY:
        raise StoreRefused(f"{place}: nothing can be stored through {protocol}")
    if single_writer:
        return
    refusal = StoreRefused(
        f"{place}: {protocol} first looks whether an object is there and then writes it, "
        "so that two writers can both win"
    )
    refusal.add_note("single_writer admits it, for you to see that only one ever writes")
    raise refusal


def admit(store: ObjectStore, single_writer: bool = False) -> Abilities:
    """Probe store, and raise StoreRefused naming what it lacks to hold a wbart store.

    With single_writer exclusive create is not asked for, of the protocol neither.
    """
    located = ability(store, Located)
    protocol, place = (located.protocol, located.place) if located else ("unknown", "the store")
    check_protocol(protocol, place, single_writer)
    abilities = probe(store, need_create=not single_writer)
    lacking = set(abilities.missing()) - ({"create"} if single_writer else set())
    if lacking:
        failings = "; ".join(_FAILINGS[name] for name in sorted(lacking))
        raise StoreRefused(f"{place}: the backend {failings}")
    return abilities


def _refuses_second(store: ObjectStore, key: str) -> bool:
    first, second = os.urandom(_SIZE), os.urandom(_SIZE)
    store.create(key, first)
    try:
        store.create(key, second)
    except ObjectExists:
        return store.get(key) == first
    return False


def _one_winner(store: ObjectStore, key: str, racers: int) -> bool:
    attempts = [os.urandom(_SIZE) for _ in range(racers)]
    with ThreadPoolExecutor(racers, "wbart-probe") as pool:
        returned = list(pool.map(lambda data: _returns(store, key, data), attempts))
    try:
        stored = store.get(key)
    except ObjectMissing:
        return False
    winners = [data for data, won in zip(attempts, returned, strict=True) if won]
    # A create that lost its answer may be the one that landed: then nobody was told so.
    return winners == [stored] or (not winners and stored in attempts)


def _returns(store: ObjectStore, key: str, data: bytes) -> bool:
    try:
        store.create(key, data)
    except AccessDenied:
        raise
    except StorageError:
        # Races bring forth odd answers; what became of the object is what counts.
        return False
    return True


def _reads_range(store: ObjectStore, key: str) -> bool:
    data = os.urandom(_SIZE)
    store.put(key, data)
    wanted: Iterable[Callable[[], bool]] = (
        lambda: store.get(key, 10, 20) == data[10:20],
        lambda: store.get(key, _SIZE - 5) == data[-5:],
        lambda: store.get(key, _SIZE - 5, 2 * _SIZE) == data[-5:],
    )
    return all(holds() for holds in wanted)


def _lists_at_once(store: ObjectStore, folder: str, keys: list[str], raced: list[str]) -> bool:
    for key in keys[2:]:
        store.put(key, b"x")
    found = [stat.key for stat in store.list(folder)]
    return [key for key in found if key not in raced] == keys


def _deletes(store: ObjectStore, folder: str, keys: list[str]) -> bool:
    try:
        store.delete(keys)
        store.delete(keys)
    except ObjectMissing:
        return False
    try:
        store.get(keys[0])
    except ObjectMissing:
        return not any(store.list(folder))
    return False
