"""What fsspec and its libraries do to the unwary, one test a trap, against real servers.

Where the trap itself can be shown, it is shown first: should a library mend it, the test says so.
"""

from __future__ import annotations

import asyncio
import errno
import gc
import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.asyn import get_loop
from tests.servers import Server

from wbart_storage.backends.remote import MOST_CREATED, FsspecObjects
from wbart_storage.errors import AccessDenied, ObjectExists, ObjectMissing, StorageError
from wbart_storage.objects import ObjectStore
from wbart_storage.opening import open_objects
from wbart_storage.testing import DATA


@pytest.fixture
def url(bucket: str) -> str:
    return f"{bucket}/x"


@pytest.fixture
def store(server: Server, url: str) -> FsspecObjects:
    return opened(server, url)


def opened(server: Server, url: str) -> FsspecObjects:
    objects = open_objects(url, server.options)
    assert isinstance(objects, FsspecObjects)
    return objects


def by_hand(server: Server, **options: Any) -> Any:
    """A file system as users make one: with all its caches."""
    return fsspec.filesystem(server.protocol, **server.options, **options)


def path_of(url: str, key: str) -> str:
    return f"{url.partition('://')[2]}/{key}"


# 1. The listing cache


def test_a_listing_never_hides_what_others_write_after_it(
    server: Server, url: str, store: FsspecObjects
) -> None:
    other = opened(server, url)
    store.put("l/a", b"1")
    assert [stat.key for stat in store.list("l/")] == ["l/a"]
    assert [stat.key for stat in store.list("l/", "/")] == ["l/a"]

    other.put("l/b", DATA)
    other.put("l/a", b"longer than it was")

    assert store.get("l/b") == DATA
    assert store.get("l/a") == b"longer than it was"
    assert store.stat("l/a").size == 18
    assert [stat.key for stat in store.list("l/", "/")] == ["l/a", "l/b"]


def test_a_listing_never_keeps_what_others_delete(
    server: Server, url: str, store: FsspecObjects
) -> None:
    store.put("l/a", b"1")
    assert [stat.key for stat in store.list("l/")] == ["l/a"]

    opened(server, url).delete(["l/a"])

    assert list(store.list("l/")) == []
    with pytest.raises(ObjectMissing):
        store.stat("l/a")


# 2. The instance cache


def test_a_users_own_instance_is_not_shared(server: Server, url: str) -> None:
    theirs = by_hand(server)

    ours = opened(server, url).connection.fs

    assert ours is not theirs
    assert ours is not opened(server, url).connection.fs
    assert FsspecObjects(theirs, url).connection.fs is not theirs


def test_new_credentials_count_at_once(
    serving: Callable[[str], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serving("seaweedfs")
    url = f"{server.bucket()}/x"
    rest = {name: server.options[name] for name in ("endpoint_url", "client_kwargs")}
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "wrong")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(AccessDenied):
        open_objects(url, rest).put("a/b", DATA)

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", server.options["key"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", server.options["secret"])
    open_objects(url, rest).put("a/b", DATA)

    assert open_objects(url, rest).get("a/b") == DATA


# 3. A file that is closed by an exception is committed


def test_a_file_closed_by_an_exception_is_committed_so_none_is_opened(
    server: Server, url: str, store: FsspecObjects, tmp_path: Path
) -> None:
    def half(file: Any) -> None:
        with file:
            file.write(b"half of it")
            raise ZeroDivisionError

    fs = by_hand(server, skip_instance_cache=True)
    with pytest.raises(ZeroDivisionError):
        half(fs.open(path_of(url, "trap/x"), "wb"))
    with pytest.raises(StorageError):
        store.put("a/b", tmp_path)  # a folder: it is there, and cannot be read

    assert store.get("trap/x") == b"half of it"
    assert list(store.list("a/")) == []


# 4. Exclusive modes that are none


def test_an_empty_create_does_not_overwrite(store: FsspecObjects) -> None:
    store.create("a/b", DATA)

    with pytest.raises(ObjectExists):
        store.create("a/b", b"")

    assert store.get("a/b") == DATA


# 5. What a lost create is told


def test_a_lost_create_is_told_by_one_class(store: FsspecObjects) -> None:
    store.create("a/b", b"first")

    with pytest.raises(ObjectExists) as caught:
        store.create("a/b", b"second")

    assert caught.value.key == "a/b"
    assert isinstance(caught.value.__cause__, OSError)


def test_seaweedfs_calls_a_lost_create_an_invalid_argument(
    serving: Callable[[str], Server],
) -> None:
    server = serving("seaweedfs")
    store = opened(server, f"{server.bucket()}/x")
    store.create("a/b", b"first")

    with pytest.raises(ObjectExists) as caught:
        store.create("a/b", b"second")

    cause = caught.value.__cause__
    assert isinstance(cause, OSError)
    assert not isinstance(cause, FileExistsError)
    assert cause.errno == errno.EINVAL


# 6. Requests that nobody asked for


class Counted:
    """Counts the requests that an S3 file system sends."""

    def __init__(self, fs: Any) -> None:
        self.calls: list[str] = []
        fs.connect()
        fs.s3.meta.events.register("before-send.s3", self._note)

    def _note(self, request: Any, **_: Any) -> None:
        self.calls.append(request.method)


def test_a_get_of_s3_is_one_request_hit_or_miss(serving: Callable[[str], Server]) -> None:
    server = serving("ministack")
    store = opened(server, f"{server.bucket()}/x")
    store.put("a/b", DATA)
    counted = Counted(store.connection.fs)

    store.get("a/b")
    store.get("a/b", 5, 9)
    with pytest.raises(ObjectMissing):
        store.get("a/c")

    assert counted.calls == ["GET"] * 3


# 7. Fork


def _use(url: str, options: dict[str, Any], store: ObjectStore | None) -> None:
    """In a child: 0 is the exit code only of one that read what the parent wrote, and wrote."""
    objects = store or open_objects(url, options)
    if objects.get("a/b") != DATA:
        os._exit(3)
    objects.put(f"child/{'inherited' if store else 'new'}", b"x")


@pytest.mark.parametrize("inherited", [True, False])
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_of_a_process_that_used_the_store_can_use_it(
    server: Server, url: str, store: FsspecObjects, inherited: bool
) -> None:
    store.put("a/b", DATA)
    fork = multiprocessing.get_context("fork")
    given = (url, dict(server.options), store if inherited else None)

    child = fork.Process(target=_use, args=given)
    child.start()
    child.join(60)

    assert child.exitcode == 0
    assert len(list(store.list("child/"))) == 1
    assert store.get("a/b") == DATA


# 8. Event loops


def test_calls_work_inside_a_running_loop(store: FsspecObjects) -> None:
    async def use() -> bytes:
        store.put("a/b", DATA)
        return store.get("a/b")

    assert asyncio.run(use()) == DATA


def test_a_call_on_fsspecs_own_loop_is_an_error_and_no_deadlock(store: FsspecObjects) -> None:
    async def use() -> bytes:
        return store.get("a/b")

    asking = asyncio.run_coroutine_threadsafe(use(), get_loop())

    with pytest.raises(StorageError):
        asking.result(30)


def test_a_store_dropped_inside_a_running_loop_is_closed_without_a_word(
    server: Server, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """s3fs ends its client on whatever loop runs where the garbage is collected."""

    async def drop() -> None:
        opened(server, url).put("a/b", DATA)
        gc.collect()
        await asyncio.sleep(0)

    gc.collect()  # what made the bucket
    asyncio.run(drop())
    gc.collect()

    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []


def test_many_threads_share_one_store(store: FsspecObjects) -> None:
    keys = [f"t/{number}" for number in range(64)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda key: store.put(key, key.encode()), keys))
        found = list(pool.map(store.get, keys))

    assert found == [key.encode() for key in keys]


# 9. What is not there


def test_a_miss_of_s3_is_one_request(serving: Callable[[str], Server]) -> None:
    server = serving("ministack")
    store = opened(server, f"{server.bucket()}/x")
    counted = Counted(store.connection.fs)

    with pytest.raises(ObjectMissing):
        store.stat("a/b")
    with pytest.raises(ObjectMissing):
        store.get("a/b", 3, 3)

    assert counted.calls == ["HEAD", "HEAD"]


def test_deleting_what_is_not_there_is_no_error(store: FsspecObjects) -> None:
    store.put("a/b", DATA)

    store.delete(["a/0", "a/b", "a/c"])
    store.delete(["a/b"])

    assert list(store.list("")) == []


# 10. Exceptions of five families


def test_a_bucket_that_is_not_there_is_a_storage_error(server: Server) -> None:
    store = opened(server, f"{server.protocol}://no-such-bucket-here/x")
    calls: list[Callable[[], object]] = [
        lambda: store.get("a/b"),
        lambda: store.stat("a/b"),
    ]
    if server.name != "seaweedfs":  # which makes the bucket, for who may
        calls += [lambda: store.put("a/b", b"x"), lambda: store.create("a/b", b"x")]
    for call in calls:
        with pytest.raises(StorageError) as caught:
            call()
        assert not caught.value.transient
        assert "\n" not in str(caught.value)


# 11. Names


@pytest.mark.parametrize("key", ["./x", "a//b", "a\\b", "a/", "n" * 256, "?versionId=x", "a#1"])
def test_names_that_servers_bend_never_reach_them(store: FsspecObjects, key: str) -> None:
    with pytest.raises(StorageError):
        store.put(key, b"x")

    assert list(store.list("")) == []


def test_the_boundary_of_gcsfs_may_be_in_the_data(store: FsspecObjects) -> None:
    data = b"before\r\n--==0==--\r\nafter\n--==0==\nend"

    store.put("a/put", data)
    store.create("a/created", data)

    assert [store.get("a/put"), store.get("a/created")] == [data, data]


# 12. Multipart creates


def test_a_create_too_large_for_one_request_is_refused(store: FsspecObjects) -> None:
    with pytest.raises(StorageError, match="too many for an exclusive create"):
        store.create("a/b", bytes(MOST_CREATED + 1))

    assert list(store.list("")) == []


def test_the_largest_create_is_one_request(serving: Callable[[str], Server]) -> None:
    server = serving("ministack")
    store = opened(server, f"{server.bucket()}/x")
    counted = Counted(store.connection.fs)

    store.create("a/b", bytes(MOST_CREATED))

    assert counted.calls == ["PUT"]


# Listings and deletes in bulk


def test_a_long_listing_comes_page_by_page(serving: Callable[[str], Server]) -> None:
    server = serving("ministack")
    store = opened(server, f"{server.bucket()}/x")
    keys = [f"n/{number:04}" for number in range(1050)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda key: store.put(key, b""), keys))
    counted = Counted(store.connection.fs)

    assert len(list(islice(store.list("n/"), 900))) == 900
    assert len(counted.calls) == 1
    assert [stat.key for stat in store.list("n/")] == keys
    assert len(counted.calls) == 3
    store.delete(keys)
    assert len(counted.calls) == 5
    assert list(store.list("")) == []


def test_folder_markers_are_no_objects(server: Server, url: str, store: FsspecObjects) -> None:
    store.put("a/b", DATA)
    fs = server.fs()
    if server.protocol == "s3":
        bucket, _, base = path_of(url, "a/marker/").partition("/")
        fs.call_s3("put_object", Bucket=bucket, Key=base, Body=b"")
    elif server.protocol == "gs":
        fs.pipe_file(path_of(url, "a/marker/"), b"")
    else:
        fs.makedirs(path_of(url, "a/marker"))

    assert [stat.key for stat in store.list("")] == ["a/b"]
    assert [stat.key for stat in store.list("a/")] == ["a/b"]
