"""`wbart.json`: what a store is. Written once, when the store is made, and read by everybody."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import uuid4

import msgspec

from wbart_manifest.digest import ALGORITHMS
from wbart_storage.errors import (
    ConfigCorrupt,
    ObjectExists,
    ObjectMissing,
    StoreMissing,
    StoreUnsupported,
)
from wbart_storage.journal.seal import MEMBER, algorithm_of, seal_of
from wbart_storage.keys import CONFIG_KEY
from wbart_storage.objects import Located, ObjectStore, ability
from wbart_storage.probe import ABLE, Abilities
from wbart_storage.reread import reads, reread

FORMAT = 1
_SEAL = "wbart-store-sum-v1"
READ_FEATURES: frozenset[str] = frozenset()
"""What a store may demand of its readers, and this release knows."""
WRITE_FEATURES: frozenset[str] = frozenset()
"""What a store may demand of its writers, and this release knows."""


@dataclass(frozen=True, slots=True)
class TreeParameters:
    """Where the nodes of a manifest end."""

    leaf: int = 0x7FF
    """Mask: a leaf ends after a path whose hash has none of these bits."""
    node: int = 0x1FF
    cap: int = 65_536
    """Entries of a leaf, at most."""
    hash: str = "xxh3_64"


@dataclass(frozen=True, slots=True)
class PackParameters:
    """Which blobs are packed, and how big packs grow. Sizes in bytes."""

    target: int = 33_554_432
    max_member: int = 1_048_576
    min_members: int = 16


@dataclass(frozen=True, slots=True)
class ChunkParameters:
    """How recipes cut: content-defined chunks of the published FastCDC-2020."""

    algo: str = "fastcdc2020"
    avg: int = 524_288
    nc: int = 2
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Features:
    """What who opens the store must know, besides the format."""

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreConfig:
    """What is fixed about a store when it is made. Field names are those of the document."""

    format: int = FORMAT
    store_id: str = field(default_factory=lambda: str(uuid4()))
    digest: str = "blake3"
    tree: TreeParameters = TreeParameters()
    pack: PackParameters = PackParameters()
    cdc: ChunkParameters = ChunkParameters()
    abilities: Abilities = ABLE
    features: Features = Features()
    entity: str = "default"
    """Whose collections are meant when a name has no entity."""
    single_writer: bool = False

    def dumps(self) -> bytes:
        """The bytes of wbart.json: for people, too."""
        document = asdict(self)
        document[MEMBER] = seal_of(document, _SEAL, self.digest)
        return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()

    def check_writable(self) -> None:
        """Raise StoreUnsupported naming a feature that writers must know and we do not."""
        for feature in self.features.write:
            if feature not in WRITE_FEATURES:
                raise StoreUnsupported(f"writing to this store needs the feature {feature!r}")


def create_config(store: ObjectStore, config: StoreConfig) -> None:
    """Make store the store that config describes; ObjectExists if there is one already."""
    if config.digest not in ALGORITHMS:
        raise StoreUnsupported(f"no digest algorithm {config.digest!r}")
    try:
        store.create(CONFIG_KEY, config.dumps())
    except ObjectExists:
        # A client library may have repeated a create whose answer it lost.
        if store.get(CONFIG_KEY) != config.dumps():
            raise


def read_config(store: ObjectStore) -> StoreConfig:
    """What store is. StoreMissing where none is, StoreUnsupported where we are too old."""
    try:
        return reread(
            reads(store),
            lambda: parse_config(store.get(CONFIG_KEY)),
            ConfigCorrupt,
            StoreUnsupported,
        )
    except (ObjectMissing, StoreMissing) as error:
        located = ability(store, Located)
        raise StoreMissing(located.place if located else CONFIG_KEY) from error


def parse_config(data: bytes) -> StoreConfig:
    """Undo `StoreConfig.dumps`; members that a later release of the same format adds are kept out.

    Raises StoreUnsupported for a newer format or an unknown feature, ConfigCorrupt for damage.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ConfigCorrupt(str(error)) from error
    _check_format(document)
    _check_seal(document)
    try:
        config = msgspec.convert(document, StoreConfig)
    except msgspec.ValidationError as error:
        raise ConfigCorrupt(str(error)) from error
    _check_known(config)
    return config


def _check_format(document: Any) -> None:
    """Before anything else is looked at: a newer format may mean all of it differently."""
    number = document.get("format") if isinstance(document, dict) else None
    if type(number) is not int or number < 1:
        raise ConfigCorrupt("it tells no format")
    if number > FORMAT:
        raise StoreUnsupported(f"the store has format {number}, newer than {FORMAT}")
    if absent := {"store_id", "digest"} - document.keys():
        raise ConfigCorrupt(f"no {min(absent)}")


def _check_seal(document: dict[str, Any]) -> None:
    """Raise ConfigCorrupt unless the members are those that were sealed, wherever they stand."""
    told = document.get(MEMBER)
    try:
        fits = told == seal_of(document, _SEAL, algorithm_of(told))
    except ValueError as error:
        raise ConfigCorrupt(str(error)) from error
    if not fits:
        raise ConfigCorrupt("its sum is another")


def _check_known(config: StoreConfig) -> None:
    for feature in config.features.read:
        if feature not in READ_FEATURES:
            raise StoreUnsupported(f"reading this store needs the feature {feature!r}")
    for name, value, known in (
        ("digest algorithm", config.digest, ALGORITHMS),
        ("tree hash", config.tree.hash, {"xxh3_64"}),
        ("chunking", config.cdc.algo, {"fastcdc2020"}),
    ):
        if value not in known:
            raise StoreUnsupported(f"the store has an unknown {name}: {value!r}")
