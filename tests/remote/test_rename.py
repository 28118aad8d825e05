"""A collection is renamed on real servers while others log to it, and what that costs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.servers import Server

from wbart.catalog import Catalog
from wbart.fold.ops import Create
from wbart_storage.around.trace import Call, Trace
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.clock import FixedClock
from wbart_storage.config import StoreConfig
from wbart_storage.store import Store, create_store, open_store

CREATE = Create(type="dataset").to_json()


def version(number: int) -> dict[str, object]:
    id_ = f"{number:032x}"
    return {"op": "version", "id": id_, "digest": f"blake3:{id_}", "manifest": {}, "always": True}


@pytest.mark.parametrize("name", ["seaweedfs", "azurite"])
def test_no_version_is_lost_on_a_server(
    serving: Callable[[str], Server], tmp_path: Path, name: str
) -> None:
    server = serving(name)
    url = server.bucket()
    create_store(url, storage_options=server.options)

    def catalog() -> Catalog:
        store = open_store(
            url, cache=tmp_path / "cache", tool="test", storage_options=server.options
        )
        return Catalog(store, "ann")

    catalog().commit("e", "p", "data", CREATE, version(0))
    errors: list[BaseException] = []

    def log(first: int) -> None:
        found = catalog()
        for number in range(first, first + 5):
            found.commit("e", "p", "data", version(number))

    def move() -> None:
        found = catalog()
        for before, after in (("data", "corpus"), ("corpus", "texts"), ("texts", "data")):
            found.rename("e", "p", before, after)
        found.rename("e", "p", "data", "corpus")

    def play(act: Callable[[], None]) -> None:
        try:
            act()
        except BaseException as error:
            errors.append(error)

    acts = [move, *(lambda first=first: log(first) for first in (100, 200, 300))]
    threads = [threading.Thread(target=play, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    states = list(catalog().states("e", "p"))
    assert [(state.name, len(state.versions)) for state in states] == [("corpus", 16)]


def test_a_name_that_leads_elsewhere_costs_one_read_once() -> None:
    calls: list[Call] = []
    objects = Trace(MemoryObjects(), calls.append)
    config = StoreConfig()

    def catalog() -> Catalog:
        store = Store("memory://", objects, config, Path("none"), FixedClock(), "test")
        return Catalog(store, "ann")

    catalog().commit("e", "p", "old", CREATE, version(0))
    catalog().rename("e", "p", "old", "new")
    found = catalog()
    assert found.state("e", "p", "new") is found.state("e", "p", "old")

    for name in ("old", "new"):
        calls.clear()
        found.state("e", "p", name)
        assert [call.name for call in calls] == ["get"]
    calls.clear()
    found.commit("e", "p", "new", version(1))
    assert [call.name for call in calls] == ["create"]
