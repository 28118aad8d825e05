"""The fsspec store, on fsspec's memory file system; and which store a URL opens."""

from __future__ import annotations

import gc
import pickle
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec
import pytest
from fsspec.asyn import AsyncFileSystem
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from wbart_storage.backends.local import LocalObjects
from wbart_storage.backends.remote import FsspecObjects
from wbart_storage.errors import ObjectExists, ObjectMissing, StoreRefused, StoreUnavailable
from wbart_storage.objects import Adopts, Files, ObjectStore, Syncs, ability
from wbart_storage.opening import open_objects
from wbart_storage.testing import DATA, StoreContract


@pytest.fixture
def url() -> Iterator[str]:
    root = f"/{uuid4().hex}"
    yield f"memory:/{root}/store"
    MemoryFileSystem.store = {
        path: file for path, file in MemoryFileSystem.store.items() if not path.startswith(root)
    }


class TestFsspecObjects(StoreContract):
    @pytest.fixture
    def store(self, url: str) -> ObjectStore:
        return open_objects(url)


Untyped: Any = MemoryFileSystem


class Cached(Untyped):  # type: ignore[misc]
    """A file system that caches instances and notes what is asked of it."""

    protocol = "noted"
    asked: list[tuple[str, dict[str, Any]]]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.asked = []

    def cat_file(self, path: str, **options: Any) -> bytes:
        self.asked.append(("cat_file", options))
        data: bytes = super().cat_file(path, **options)
        return data


def asked(store: FsspecObjects) -> list[tuple[str, dict[str, Any]]]:
    noted: list[tuple[str, dict[str, Any]]] = store.connection.fs.asked
    return noted


class InBuckets(Cached):
    protocol = "s3"


def test_a_file_system_is_rebuilt_without_caches() -> None:
    given = Cached(listings_expiry_time=9)
    store = FsspecObjects(given, "/bucket/x")

    assert store.connection.fs is not given
    assert store.connection.fs.storage_options["use_listings_cache"] is False
    assert store.connection.fs.storage_options["listings_expiry_time"] == 9
    assert FsspecObjects(given, "/bucket/x").connection.fs is not store.connection.fs


def test_a_get_says_where_it_starts(url: str) -> None:
    store = FsspecObjects(Cached(), url.removeprefix("memory:/"))
    store.put("log/0001", DATA)

    assert store.get("log/0001") == DATA
    assert store.get("log/0001", 3, 3) == b""
    assert asked(store) == [("cat_file", {"start": 0, "end": None})]


def test_a_store_crosses_process_borders(url: str) -> None:
    store = open_objects(url)
    store.put("a/b", DATA)

    copy = pickle.loads(pickle.dumps(store))

    assert copy.get("a/b") == DATA
    assert copy.connection.fs.storage_options["use_listings_cache"] is False


def test_local_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreRefused, match="LocalObjects"):
        FsspecObjects(LocalFileSystem(), str(tmp_path))


def test_an_object_store_without_a_bucket_is_refused() -> None:
    with pytest.raises(StoreRefused, match="no bucket"):
        FsspecObjects(InBuckets(), "/")


class Broken(Untyped):  # type: ignore[misc]
    """Every call raises what it was given."""

    def __init__(self, error: Exception, **options: Any) -> None:
        super().__init__(**options)
        self.error = error

    def _raise(self, *_: Any, **__: Any) -> Any:
        raise self.error

    cat_file = find = ls = info = rm_file = pipe_file = put_file = _raise


@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.get("a/b"),
        lambda store: store.create("a/b", b""),
        lambda store: store.put("a/b", b""),
        lambda store: store.stat("a/b"),
        lambda store: store.delete(["a/b"]),
        lambda store: list(store.list("a/")),
        lambda store: list(store.list("a/", "/")),
    ],
)
def test_no_call_lets_a_foreign_exception_out(call: Any) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        call(FsspecObjects(Broken(ConnectionResetError("gone")), "/x"))

    assert isinstance(caught.value.__cause__, ConnectionResetError)


def test_a_range_behind_the_end_is_empty_where_servers_refuse_it() -> None:
    refused = OSError(22, "The requested range is not satisfiable")
    refused.__cause__ = type("ClientError", (Exception,), {})()
    vars(refused.__cause__)["response"] = {
        "Error": {"Code": "InvalidRange"},
        "ResponseMetadata": {"HTTPStatusCode": 416},
    }

    assert FsspecObjects(Broken(refused), "/x").get("a/b", 9, 10) == b""


def test_folder_markers_are_no_objects(url: str) -> None:
    store = open_objects(url)
    store.put("a/b", DATA)
    fsspec.filesystem("memory").pipe_file(f"{url}/a/marker/", b"")
    fsspec.filesystem("memory").makedirs(f"{url}/a/empty")

    assert [stat.key for stat in store.list("a/")] in (["a/b"], ["a/b", "a/marker"])
    with pytest.raises(ObjectMissing):
        store.get("a/empty")


def test_a_url_opens_the_store_that_keeps_it(tmp_path: Path, url: str) -> None:
    for place in (str(tmp_path), tmp_path.as_uri(), f"file://localhost{tmp_path}"):
        opened = open_objects(place)
        assert isinstance(opened, LocalObjects)
        assert opened.place == str(tmp_path)
    assert open_objects((tmp_path / "a b%").as_uri()).place == str(tmp_path / "a b%")  # type: ignore[attr-defined]
    remote = open_objects(url)
    assert isinstance(remote, FsspecObjects)
    assert (remote.protocol, remote.place) == ("memory", url)
    assert [ability(remote, wanted) for wanted in (Files, Adopts, Syncs)] == [None] * 3


@pytest.mark.parametrize(
    "url",
    ["", "nope://x/y", "simplecache::s3://b/x", "file://host/x", "file://", "local://", "s3://"],
)
def test_a_url_of_no_store_is_refused(url: str) -> None:
    with pytest.raises(StoreRefused) as caught:
        open_objects(url)

    assert "\n" not in str(caught.value)


def test_users_options_win_over_ours_but_not_over_truth() -> None:
    opened = open_objects("s3://bucket/x", {"max_concurrency": 2, "use_listings_cache": True})
    assert isinstance(opened, FsspecObjects)
    options = opened.connection.fs.storage_options

    assert options["max_concurrency"] == 2
    assert options["use_listings_cache"] is False
    assert options["config_kwargs"]["max_pool_connections"] == 64


def test_a_users_configuration_of_s3_is_merged_with_ours() -> None:
    opened = open_objects("s3://bucket/x", {"config_kwargs": {"read_timeout": 99}})
    assert isinstance(opened, FsspecObjects)
    config = opened.connection.fs.storage_options["config_kwargs"]

    assert config["read_timeout"] == 99
    assert config["max_pool_connections"] == 64
    assert config["retries"]["total_max_attempts"] == 2
    assert opened.connection.fs.retries == 1


def test_a_taken_key_is_refused_without_looking_at_messages(url: str) -> None:
    store = open_objects(url)
    store.create("a/b", b"first")

    with pytest.raises(ObjectExists, match=r"^object a/b exists already$"):
        store.create("a/b", b"second")


class Held:
    """Something large that a request has in its hands."""


class Failing(AsyncFileSystem):  # type: ignore[misc]
    """Fails as file systems of the network do: in a coroutine, on a loop of another thread."""

    protocol = "failing"
    cachable = False

    async def _cat_file(self, path: str, start: Any = None, end: Any = None, **more: Any) -> bytes:
        held = Held()
        HELD.append(weakref.ref(held))
        raise ConnectionError("reset")


HELD: list[weakref.ref[Held]] = []


def test_what_a_failed_request_held_is_free_though_nobody_looks_for_cycles() -> None:
    store = FsspecObjects(Failing(asynchronous=False), "bucket")
    gc.disable()
    try:
        with pytest.raises(StoreUnavailable, match="reset"):
            store.get("o/x")
    finally:
        gc.enable()
    assert HELD.pop()() is None
