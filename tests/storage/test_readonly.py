"""A read-only store reads as before and changes nothing, by no door."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from wbart_storage.around.readonly import ReadOnly
from wbart_storage.around.retry import Retry
from wbart_storage.backends.local import LocalObjects
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.errors import AccessDenied, ObjectMissing
from wbart_storage.objects import Adopts, Files, Located, Syncs, ability


@pytest.fixture
def inner() -> MemoryObjects:
    store = MemoryObjects()
    store.put("a/b", b"before")
    return store


def test_reads_pass(inner: MemoryObjects) -> None:
    store = ReadOnly(inner)

    assert store.get("a/b", 1, 3) == b"ef"
    assert store.stat("a/b") == inner.stat("a/b")
    assert list(store.list("", "/")) == list(inner.list("", "/"))
    with pytest.raises(ObjectMissing):
        store.get("a/c")


@pytest.mark.parametrize(
    "write",
    [
        lambda store: store.create("a/new", b"x"),
        lambda store: store.put("a/b", b"x"),
        lambda store: store.delete(["a/b"]),
    ],
)
def test_writes_are_denied_and_change_nothing(
    inner: MemoryObjects, write: Callable[[ReadOnly], None]
) -> None:
    with pytest.raises(AccessDenied, match="a/"):
        write(ReadOnly(inner))

    assert [(stat.key, inner.get(stat.key)) for stat in inner.list("")] == [("a/b", b"before")]


def test_deleting_nothing_is_allowed(inner: MemoryObjects) -> None:
    ReadOnly(inner).delete([])

    assert inner.get("a/b") == b"before"


def test_files_may_be_read_in_place_and_nothing_is_adopted(tmp_path: Path) -> None:
    local = LocalObjects(tmp_path)
    store = Retry(ReadOnly(local))

    assert ability(store, Files) is local
    assert ability(store, Located) is local
    assert ability(store, Adopts) is None
    assert ability(store, Syncs) is None


def test_denied_is_a_permission_error_too(inner: MemoryObjects) -> None:
    with pytest.raises(PermissionError):
        ReadOnly(inner).put("a/b", b"x")
