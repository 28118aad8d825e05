"""A rename fails at every call to the store: readers agree, and whatever is done next succeeds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from wbart.catalog import Catalog
from wbart.errors import CollectionNotFound
from wbart.fold.ops import Create
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.clock import FixedClock
from wbart_storage.config import StoreConfig
from wbart_storage.errors import StorageError
from wbart_storage.objects import ObjectStore
from wbart_storage.store import Store
from wbart_storage.testing.faulty import Fault, Faulty

CREATE = Create(type="dataset").to_json()


def catalog(objects: ObjectStore) -> Catalog:
    store = Store("memory://", objects, StoreConfig(), Path("none"), FixedClock(), "test")
    return Catalog(store, "ann")


def version(number: int) -> dict[str, object]:
    id_ = f"{number:032x}"
    return {"op": "version", "id": id_, "digest": f"blake3:{id_}", "manifest": {}, "always": True}


def there(objects: ObjectStore) -> list[str]:
    """The names that collections have now, as somebody sees it who comes anew."""
    return [state.name for state in catalog(objects).states("e", "p")]


def complete(objects: ObjectStore) -> None:
    """The same once more, by somebody who looks first whether it is so already."""
    found = catalog(objects)
    name = found.state("e", "p", "old").name
    if name != "new":
        found.rename("e", "p", name, "new")
    assert there(objects) == ["new"]


def rename_otherwise(objects: ObjectStore) -> None:
    found = catalog(objects)
    found.rename("e", "p", found.state("e", "p", "old").name, "third")
    assert there(objects) == ["third"]


def log_to_the_old_name(objects: ObjectStore) -> None:
    found = catalog(objects)
    assert found.commit("e", "p", "old", version(2))[0]["version"] == 2
    assert len(there(objects)) == 1


def make_a_collection_of_the_new_name(objects: ObjectStore) -> None:
    """When the rename came to pass, this is the renamed one."""
    renamed = there(objects) == ["new"]
    outcome = catalog(objects).commit("e", "p", "new", CREATE, version(2))[-1]
    assert outcome["version"] == (2 if renamed else 0)
    assert there(objects) == (["new"] if renamed else ["new", "old"])


def give_the_name_to_another(objects: ObjectStore) -> None:
    if there(objects) == ["new"]:
        return
    found = catalog(objects)
    found.commit("e", "p", "other", CREATE)
    found.rename("e", "p", "other", "new")
    assert there(objects) == ["new", "old"]
    assert found.state("e", "p", "new").root == "other"


NEXT = [
    complete,
    rename_otherwise,
    log_to_the_old_name,
    make_a_collection_of_the_new_name,
    give_the_name_to_another,
]


@pytest.mark.parametrize("proceed", NEXT)
@pytest.mark.parametrize("fault", [Fault.BEFORE, Fault.AFTER, Fault.FULL])
@pytest.mark.parametrize("dangling", [False, True])
def test_a_rename_that_fails_anywhere_leaves_one_state_to_all(
    proceed: Callable[[ObjectStore], None], fault: Fault, dangling: bool
) -> None:
    failed = 0
    for at in range(100):
        inner = MemoryObjects()
        found = catalog(inner)
        found.commit("e", "p", "old", CREATE, version(0))
        found.commit("e", "p", "old", version(1))
        if dangling:  # so that the rename has to give up somebody else's first
            found.commit("e", "p", "dead", CREATE)
            reserve = {"op": "reserve", "id": "f" * 32, "root": "dead"}
            found.commit_at("e", "p", "new", reserve)
            found.commit("e", "p", "dead", {"op": "collection", "deleted": True})
        faulty = Faulty(inner, at, fault)
        try:
            catalog(faulty).rename("e", "p", "old", "new")
        except StorageError:
            failed += 1
            assert there(inner) in (["old"], ["new"])
        else:
            assert there(inner) == ["new"]
        name = there(inner)[0]
        assert catalog(inner).state("e", "p", "old").name == name
        assert len(catalog(inner).state("e", "p", "old").versions) == 2
        if name == "new":
            assert catalog(inner).state("e", "p", "new").root == "old"
        else:
            with pytest.raises(CollectionNotFound):
                catalog(inner).state("e", "p", "new")
        proceed(inner)
        if not faulty.harmed:
            break
    else:
        raise AssertionError("a rename makes fewer calls than this")
    assert failed or fault is Fault.AFTER
