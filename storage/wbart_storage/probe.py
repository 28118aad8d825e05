"""Find out what a backend really does, before a store is trusted to it.

Trying finds servers that ignore preconditions. It cannot find a look-then-write that happens to
win its races, so the protocol has to be on a list, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from secrets import token_bytes, token_hex

from wbart_storage.errors import ObjectExists, ObjectMissing, StorageError, StoreRefused
from wbart_storage.objects import Located, ObjectStore, ability

TRUSTED = frozenset({"file", "memory", "s3", "s3a", "gs", "gcs", "az", "abfs", "abfss"})
"""Protocols whose create is known to be exclusive where the server is."""

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


def probe(store: ObjectStore, racers: int = 8, rounds: int = 3) -> Abilities:
    """Try out store below `hints/probe/`, and leave nothing there.

    Raises what the store raises when it cannot be reached or written at all.
    """
    folder = f"hints/probe/{token_hex(8)}/"
    keys = [f"{folder}{number}" for number in range(rounds + 2)]
    try:
        creates = [_refuses_second(store, keys[0])]
        creates += [_one_winner(store, key, racers) for key in keys[2:]]
        return Abilities(
            create=all(creates),
            range=_reads_range(store, keys[1]),
            list=_lists_at_once(store, folder, keys),
            delete=_deletes(store, folder, keys),
        )
    finally:
        with suppress(ObjectMissing):
            store.delete(keys)


def admit(store: ObjectStore, single_writer: bool = False) -> Abilities:
    """Probe store, and raise StoreRefused naming what it lacks to hold a wbart store.

    With single_writer the user answers for there being one writer at a time: exclusive create
    is not asked for, and neither is a protocol that is known to have it.
    """
    located = ability(store, Located)
    protocol, place = (located.protocol, located.place) if located else ("unknown", "the store")
    if not single_writer and protocol not in TRUSTED:
        raise StoreRefused(f"{place}: {protocol} is not known to create objects exclusively")
    abilities = probe(store)
    lacking = set(abilities.missing()) - ({"create"} if single_writer else set())
    if lacking:
        raise StoreRefused(f"{place}: the backend fails to {', '.join(sorted(lacking))}")
    return abilities


def _refuses_second(store: ObjectStore, key: str) -> bool:
    first, second = token_bytes(_SIZE), token_bytes(_SIZE)
    store.create(key, first)
    try:
        store.create(key, second)
    except ObjectExists:
        return store.get(key) == first
    return False


def _one_winner(store: ObjectStore, key: str, racers: int) -> bool:
    attempts = [token_bytes(_SIZE) for _ in range(racers)]
    with ThreadPoolExecutor(racers, "wbart-probe") as pool:
        returned = list(pool.map(lambda data: _returns(store, key, data), attempts))
    stored = store.get(key)
    winners = [data for data, won in zip(attempts, returned, strict=True) if won]
    # A create that lost its answer may be the one that landed: then nobody was told so.
    return winners == [stored] or (not winners and stored in attempts)


def _returns(store: ObjectStore, key: str, data: bytes) -> bool:
    try:
        store.create(key, data)
    except StorageError as error:
        if isinstance(error, ObjectExists) or error.transient:
            return False
        raise
    return True


def _reads_range(store: ObjectStore, key: str) -> bool:
    data = token_bytes(_SIZE)
    store.put(key, data)
    wanted: Iterable[Callable[[], bool]] = (
        lambda: store.get(key, 10, 20) == data[10:20],
        lambda: store.get(key, _SIZE - 5) == data[-5:],
        lambda: store.get(key, _SIZE - 5, 2 * _SIZE) == data[-5:],
    )
    return all(holds() for holds in wanted)


def _lists_at_once(store: ObjectStore, folder: str, keys: list[str]) -> bool:
    return [stat.key for stat in store.list(folder)] == sorted(keys)


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
