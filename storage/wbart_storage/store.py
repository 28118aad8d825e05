"""A store, opened: its objects, what its configuration says, and this machine's folder for it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from wbart_storage.around.offline import (
    SEEN,
    Remembered,
    Remembering,
    recall_config,
    remember_config,
)
from wbart_storage.around.readonly import ReadOnly
from wbart_storage.around.retry import Retry
from wbart_storage.around.trace import Call, Trace
from wbart_storage.cache.cache import Cache, Room, default_room
from wbart_storage.cache.reader import CacheReader
from wbart_storage.clock import Clock, SystemClock
from wbart_storage.config import StoreConfig, create_config, read_config
from wbart_storage.errors import StorageError, StoreUnsupported
from wbart_storage.files.fingerprint import NOWHERE, Fingerprints
from wbart_storage.journal.desk import Desk
from wbart_storage.journal.fold import Fold
from wbart_storage.journal.journal import Journal
from wbart_storage.objects import Adopts, Files, ObjectStore, Parts, ability
from wbart_storage.opening import open_objects
from wbart_storage.probe import admit, check_protocol
from wbart_storage.reading.blobs import Blobs
from wbart_storage.reading.nodes import StoredNodes
from wbart_storage.reading.reader import StoreReader
from wbart_storage.staging.ingest import Ingest, Second
from wbart_storage.staging.session import Session
from wbart_storage.staging.stage import Stage

log = logging.getLogger(__name__)
S = TypeVar("S")
Arrived = Callable[[str, int], object]
"""Told key and size of bytes that came from a distant store, from any thread."""
_PATIENCE = 20.0
"""Seconds for one call while a store is made, which somebody waits for."""


@dataclass(frozen=True)
class Store:
    """One store as this process sees it. Safe to share between threads."""

    url: str
    objects: ObjectStore
    config: StoreConfig
    local: Path
    """This machine's folder for the store: fingerprints, cache. May be deleted at any time."""
    clock: Clock
    tool: str
    cache_room: Room = default_room
    durable: bool = True
    """Whether what lies in a local store survives power loss; journals do in any case."""

    @property
    def algorithm(self) -> str:
        """The digest algorithm that names all content of the store."""
        return self.config.digest

    @cached_property
    def blobs(self) -> Blobs:
        """Blobs read back from the store itself, checked."""
        return Blobs(StoreReader(self.objects), self.algorithm)

    @cached_property
    def cache(self) -> Cache | None:
        """The cache of a distant store; a local store's own objects are as near."""
        if ability(self.objects, Files) is not None:
            return None
        return Cache(self.local, self.algorithm, self.clock, self.cache_room)

    def reading(self, *, skip_cache: bool = False, told: Arrived | None = None) -> Blobs:
        """Blobs read back for one download, through the cache where there is one, checked.

        With skip_cache it is neither read nor written. What comes from a distant store is told.
        """
        if self.cache is None:
            return self.blobs
        objects = self.objects if told is None else Trace(self.objects, _arrivals(told))
        reader = StoreReader(objects) if skip_cache else CacheReader(objects, self.cache)
        return Blobs(reader, self.algorithm)

    @cached_property
    def nodes(self) -> StoredNodes:
        """The nodes of manifests."""
        return StoredNodes(self.objects)

    def fingerprints(self) -> Fingerprints:
        """A fresh connection to what this machine remembers of local files.

        Where the disk refuses, nothing is remembered beyond this process, with a warning.
        """
        try:
            return Fingerprints(self.local / "state.db")
        except StorageError as error:
            log.warning("%s; going on without it", error)
            return Fingerprints(NOWHERE)

    def stage(self) -> Stage:
        """A new stage, on the store's own file system where it has one."""
        adopts = ability(self.objects, Adopts)
        staging = adopts.staging() if adopts is not None else self.local / "staging"
        return Stage(
            Session(staging, self.clock),
            self.algorithm,
            pack_size=self.config.pack.target,
            min_members=self.config.pack.min_members,
            # On the way to a distant store nothing is worth a sync: it can be made again.
            durable=self.durable and adopts is not None,
            lends=adopts is None and ability(self.objects, Parts) is not None,
        )

    def ingest(
        self, stage: Stage, prints: Fingerprints, executor: Executor, second: Second | None
    ) -> Ingest:
        """What takes local files into the stage."""
        return Ingest(
            stage,
            self.objects,
            prints,
            self.algorithm,
            max_member=self.config.pack.max_member,
            now_ns=self._now_ns,
            executor=executor,
            second=second,
        )

    def journal(self, prefix: str, fold: Fold[S]) -> Journal[S]:
        """The journal below a prefix, given its meaning by fold."""
        return Journal(
            self.objects,
            prefix,
            fold,
            algorithm=self.algorithm,
            clock=self.clock,
            tool=self.tool,
            desk=self._desks.setdefault(prefix, Desk()),
        )

    @cached_property
    def _desks(self) -> dict[str, Desk]:
        """Where those meet who commit to the same journal, by its prefix."""
        return {}

    @property
    def _now_ns(self) -> Callable[[], int]:
        return lambda: int(self.clock.now() * 1e9)


def _arrivals(told: Arrived) -> Callable[[Call], None]:
    def on_call(call: Call) -> None:
        if call.name == "get" and call.error is None:
            told(call.key, call.size)

    return on_call


def is_local(url: str) -> bool:
    """Whether a URL or path names a folder of this machine."""
    scheme, separator, _ = url.partition("://")
    return not separator or scheme in ("file", "local")


def create_store(
    url: str,
    *,
    digest: str = "blake3",
    entity: str = "default",
    single_writer: bool = False,
    storage_options: Mapping[str, object] | None = None,
) -> StoreConfig:
    """Make a store at a URL or path, once its backend has shown that it keeps its promises.

    Raises ObjectExists when there is one, StoreRefused for a backend without exclusive create.
    """
    scheme, separator, _ = url.partition("://")
    if separator and not is_local(url) and "::" not in url:
        check_protocol(scheme, f"{scheme}://", single_writer)
    objects = open_objects(url, storage_options)
    if not is_local(url):
        objects = Retry(objects, budget=_PATIENCE)
    abilities = admit(objects, single_writer)
    config = StoreConfig(
        digest=digest, entity=entity, single_writer=single_writer, abilities=abilities
    )
    create_config(objects, config)
    return config


def open_store(
    url: str,
    *,
    cache: Path,
    tool: str,
    cache_room: Room = default_room,
    clock: Clock | None = None,
    storage_options: Mapping[str, object] | None = None,
    durable: bool = True,
) -> Store:
    """Open the store at a URL or path. Raises StoreMissing, StoreUnsupported.

    One that demands of its writers what we do not know is open for reading only.

    cache_room says how much of a disk the cache may take, both in bytes. Without durable, power
    loss may take what was stored lately in a local store.
    """
    objects = open_objects(url, storage_options, durable=durable)
    if not is_local(url):
        objects = Retry(objects)
    config = read_config(objects)
    local = cache / config.store_id
    if not is_local(url):
        remember_config(cache, url, config)
        objects = Remembering(objects, local / SEEN)
    try:
        config.check_writable()
    except StoreUnsupported as error:
        objects = ReadOnly(objects, str(error))
    return Store(url, objects, config, local, clock or SystemClock(), tool, cache_room, durable)


def recall_store(
    url: str,
    *,
    cache: Path,
    tool: str,
    cache_room: Room = default_room,
    clock: Clock | None = None,
) -> Store:
    """A distant store as this machine saw it last, for reading; it is not asked.

    Raises Offline when it was never opened here.
    """
    config = recall_config(cache, url)
    local = cache / config.store_id
    objects = Remembered(local / SEEN)
    return Store(url, objects, config, local, clock or SystemClock(), tool, cache_room)
