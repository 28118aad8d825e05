"""wbart.json: golden bytes, one maker, and a word for everything that can be wrong with it."""

from __future__ import annotations

import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.storage.test_wrong_bytes import Spoil, Spoiling, flipped

from wbart_storage.backends.local import LocalObjects
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.config import (
    Features,
    PackParameters,
    StoreConfig,
    create_config,
    parse_config,
    read_config,
)
from wbart_storage.errors import (
    ConfigCorrupt,
    ObjectExists,
    StorageError,
    StoreMissing,
    StoreUnsupported,
)
from wbart_storage.journal.seal import seal_of
from wbart_storage.keys import CONFIG_KEY
from wbart_storage.probe import Abilities
from wbart_storage.testing import Fault, Faulty

ID = "0c3a7f3e-7b52-4bb5-9f35-3d1f0b6f0d1a"
GOLDEN = {
    "format": 1,
    "store_id": ID,
    "digest": "blake3",
    "tree": {"leaf": 2047, "node": 511, "cap": 65536, "hash": "xxh3_64"},
    "pack": {"target": 33554432, "max_member": 1048576, "min_members": 16},
    "cdc": {"algo": "fastcdc2020", "avg": 524288, "nc": 2, "seed": 0},
    "abilities": {"create": True, "range": True, "list": True, "delete": True},
    "features": {"read": [], "write": []},
    "entity": "default",
    "single_writer": False,
}


SUM = "blake3:b6792880d156f104a775dd2f42ae441b"


def document(**changes: Any) -> bytes:
    changed = {**GOLDEN, **changes}
    return json.dumps({**changed, "sum": seal_of(changed, "wbart-store-sum-v1", "blake3")}).encode()


def test_the_document_is_as_the_format_says() -> None:
    assert json.loads(StoreConfig(store_id=ID).dumps()) == {**GOLDEN, "sum": SUM}
    assert StoreConfig(store_id=ID).dumps().startswith(b'{\n  "abilities": {\n')


def test_what_is_created_is_read() -> None:
    config = StoreConfig(
        digest="sha256",
        pack=PackParameters(target=1 << 20),
        abilities=Abilities(False, True, True, True),
        features=Features(write=("gc-epoch",)),
        entity="team",
        single_writer=True,
    )
    store = MemoryObjects()
    create_config(store, config)

    assert read_config(store) == config


def test_every_store_has_an_id_of_its_own() -> None:
    assert StoreConfig().store_id != StoreConfig().store_id


def test_a_store_is_made_once() -> None:
    store = MemoryObjects()
    first = StoreConfig()
    create_config(store, first)

    with pytest.raises(ObjectExists):
        create_config(store, StoreConfig())
    assert read_config(store) == first


def test_of_racing_makers_one_wins(tmp_path: Path) -> None:
    store = LocalObjects(tmp_path)

    def make(config: StoreConfig) -> bool:
        try:
            create_config(store, config)
        except ObjectExists:
            return False
        return True

    configs = [StoreConfig() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(make, configs))

    assert [config for config, won in zip(configs, made, strict=True) if won] == [
        read_config(store)
    ]


def test_a_create_that_a_library_repeated_has_won() -> None:
    class Repeats(MemoryObjects):
        def create(self, key: str, data: bytes) -> None:
            super().create(key, data)
            super().create(key, data)

    store = Repeats()
    config = StoreConfig()
    create_config(store, config)

    assert read_config(store) == config


def test_no_store_is_made_with_an_unknown_digest() -> None:
    store = MemoryObjects()
    with pytest.raises(StoreUnsupported, match="md5"):
        create_config(store, StoreConfig(digest="md5"))

    assert list(store.list("")) == []


def test_where_no_store_is_the_place_is_named(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "missing"):
        with pytest.raises(StoreMissing, match=f"^no store at {place}$"):
            read_config(LocalObjects(place))
    with pytest.raises(LookupError):
        read_config(MemoryObjects())


def test_a_store_that_does_not_answer_is_not_missing() -> None:
    with pytest.raises(StorageError, match="planted"):
        read_config(Faulty(MemoryObjects(), 0, Fault.BEFORE))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"format": 2}, "format 2"),
        ({"format": 99, "digest": {"new": "shape"}}, "format 99"),
        ({"features": {"read": ["encryption"], "write": []}}, "'encryption'"),
        ({"digest": "blake4"}, "'blake4'"),
        ({"tree": {**GOLDEN["tree"], "hash": "siphash"}}, "'siphash'"),  # type: ignore[dict-item]
        ({"cdc": {**GOLDEN["cdc"], "algo": "gear"}}, "'gear'"),  # type: ignore[dict-item]
    ],
)
def test_what_is_newer_than_we_are_is_named(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(StoreUnsupported, match=named):
        parse_config(document(**changes))


def test_a_feature_for_writers_stops_writers_only() -> None:
    config = parse_config(document(features={"read": [], "write": ["gc-epoch"]}))

    with pytest.raises(StoreUnsupported, match="'gc-epoch'"):
        config.check_writable()
    StoreConfig().check_writable()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"null",
        b"[1]",
        b"{}",
        b"[" * 100_000,
        document()[:-20],
        document(format="1"),
        document(format=True),
        document(format=0),
        document(format=None),
        document(digest=7),
        document(store_id=None),
        document(tree={"leaf": "many"}),
        document(abilities=["create"]),
        document(abilities={}),
        document(features={"read": "all"}),
        document(single_writer="no"),
        json.dumps({"format": 1}).encode(),
    ],
    ids=range(20),
)
def test_damage_is_told_in_one_line(data: bytes) -> None:
    with pytest.raises(StorageError, match=r"^wbart\.json is damaged: ") as caught:
        parse_config(data)

    assert "\n" not in str(caught.value)
    assert not isinstance(caught.value, StoreUnsupported | StoreMissing)


def test_every_flipped_bit_is_noticed() -> None:
    data = StoreConfig(store_id=ID).dumps()
    for at, bit in itertools.product(range(len(data)), range(8)):
        changed = data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
        try:
            assert parse_config(changed) == StoreConfig(store_id=ID)  # in the white space
        except (ConfigCorrupt, StoreUnsupported):
            continue


@pytest.mark.parametrize(
    "spoil", [flipped, lambda data: data.replace(b'"format": 1', b'"format": 3')]
)
def test_a_document_that_comes_wrong_is_read_again(spoil: Spoil) -> None:
    inner, config = MemoryObjects(), StoreConfig(store_id=ID)
    create_config(inner, config)

    assert read_config(Spoiling(inner, CONFIG_KEY, 2, spoil)) == config
    with pytest.raises((ConfigCorrupt, StoreUnsupported)):
        read_config(Spoiling(inner, CONFIG_KEY, 99, spoil))


def test_a_document_without_its_seal_is_damage() -> None:
    with pytest.raises(ConfigCorrupt, match="no sum"):
        parse_config(json.dumps(GOLDEN).encode())


def test_members_of_a_later_release_are_passed_over() -> None:
    assert parse_config(document(motto="hello")) == StoreConfig(store_id=ID)
