"""Uploads in parts, on each server: seen by nobody until complete, gone on with, let go of."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import md5
from pathlib import Path

import pytest
from tests.servers import Server
from tests.servers.proxy import Fault, proxied

from wbart_storage.around.readonly import ReadOnly
from wbart_storage.around.trace import Call, Trace
from wbart_storage.errors import ObjectMissing, StorageError
from wbart_storage.objects import ObjectStore, Part, Parts, ability
from wbart_storage.opening import open_objects

KEY = "o/aa/" + "ab" * 32
FIVE = 5 << 20
"""S3 takes no part that is smaller, but for the last."""


def noise(size: int, seed: int) -> bytes:
    pattern = md5(b"%d" % seed).digest() * 4096
    return (pattern * (size // len(pattern) + 1))[:size]


FIRST, LAST = noise(FIVE, 1), noise(70_000, 2)


@pytest.fixture
def store(server: Server, bucket: str) -> ObjectStore:
    return open_objects(f"{bucket}/deep", server.options)


def parts_of(store: ObjectStore) -> Parts:
    parts = ability(store, Parts)
    assert parts is not None
    return parts


def seen(store: ObjectStore) -> list[str]:
    return [stat.key for stat in store.list("") if not stat.key.startswith("hints/")]


def test_parts_make_an_object_once_they_are_complete(store: ObjectStore) -> None:
    parts = parts_of(store)
    upload = parts.begin(KEY)
    last = parts.part(KEY, upload, 2, LAST)
    first = parts.part(KEY, upload, 1, FIRST)
    assert seen(store) == []
    with pytest.raises(ObjectMissing):
        store.stat(KEY)

    parts.complete(KEY, upload, [first, last])

    assert [stat.key for stat in store.list("")] == [KEY]
    assert store.stat(KEY).size == len(FIRST) + len(LAST)
    assert store.get(KEY) == FIRST + LAST


def test_the_store_tells_which_parts_it_has(store: ObjectStore) -> None:
    parts = parts_of(store)
    upload = parts.begin(KEY)
    for number, data in enumerate((FIRST, LAST), 1):
        parts.part(KEY, upload, number, data)

    told = parts.parts(KEY, upload)

    assert [each.number for each in told] == [1, 2]
    assert [each.size for each in told] == [len(FIRST), len(LAST)]
    assert [each.md5 for each in told] == [md5(FIRST).digest(), md5(LAST).digest()]


def test_an_object_is_made_of_parts_that_were_told(store: ObjectStore) -> None:
    parts = parts_of(store)
    upload = parts.begin(KEY)
    for number, data in enumerate((FIRST, LAST), 1):
        parts.part(KEY, upload, number, data)

    parts.complete(KEY, upload, parts.parts(KEY, upload))

    assert store.get(KEY) == FIRST + LAST


def test_a_part_may_be_sent_twice(store: ObjectStore) -> None:
    parts = parts_of(store)
    upload = parts.begin(KEY)
    parts.part(KEY, upload, 1, noise(FIVE, 3))
    again = parts.part(KEY, upload, 1, FIRST)

    parts.complete(KEY, upload, [again])

    assert store.get(KEY) == FIRST


def test_what_is_let_go_of_leaves_nothing(store: ObjectStore, server: Server, bucket: str) -> None:
    parts = parts_of(store)
    upload = parts.begin(KEY)
    parts.part(KEY, upload, 1, FIRST)

    parts.abort(KEY, upload)
    parts.abort(KEY, upload)

    assert list(store.list("")) == []
    if server.protocol != "az":  # what was staged there goes by itself
        with pytest.raises(ObjectMissing):
            parts.parts(KEY, upload)
    if server.protocol == "s3":
        assert under_way(server, bucket) == []


def under_way(server: Server, bucket: str) -> list[str]:
    answer = server.fs().call_s3("list_multipart_uploads", Bucket=bucket.partition("://")[2])
    return [each["Key"] for each in answer.get("Uploads", [])]


def test_an_upload_that_nobody_began_is_missing(store: ObjectStore) -> None:
    parts = parts_of(store)
    upload = parts.begin(KEY)
    parts.abort(KEY, upload)

    with pytest.raises(StorageError):
        parts.complete(KEY, upload, [Part(1, 5, b"", '"' + "0" * 32 + '"')])
    with pytest.raises(ObjectMissing):
        store.stat(KEY)


def test_more_parts_than_compose_at_once(store: ObjectStore, server: Server) -> None:
    if server.protocol == "s3":
        pytest.skip("parts are not composed there, and 5 MiB at least")
    parts = parts_of(store)
    upload = parts.begin(KEY)
    data = [noise(1000 + number, number) for number in range(70)]
    sent = [parts.part(KEY, upload, number, each) for number, each in enumerate(data, 1)]

    parts.complete(KEY, upload, sent)

    assert store.get(KEY) == b"".join(data)
    assert [stat.key for stat in store.list("")] == [KEY]


def test_a_part_that_the_wire_has_changed_is_found_out(server: Server, bucket: str) -> None:
    fault = Fault("flip_request", path="(partNumber|block&|uploadType=media)")
    with proxied(server, [fault]) as proxy:
        parts = parts_of(open_objects(bucket, proxy.server.options))
        upload = parts.begin(KEY)
        with pytest.raises(StorageError) as caught:
            parts.part(KEY, upload, 1, FIRST)
        # Azurite has a word of its own for it; the service says Md5Mismatch.
        assert caught.value.transient or server.name == "azurite"


@pytest.mark.parametrize("name", ["seaweedfs", "ministack", "moto"])
def test_what_nobody_remembers_has_no_parts_at_s3(
    serving: Callable[[str], Server], name: str, tmp_path: Path
) -> None:
    """A process that dies leaves a whole object or none, and no upload that lasts for ever."""
    pack = tmp_path / "pack.zip"
    pack.write_bytes(noise(40 << 20, 3))
    with proxied(serving(name)) as proxy:
        bucket = proxy.upstream.bucket()
        store = open_objects(bucket, proxy.server.options)
        store.put("k/pack.zip", pack)
        store.put("k/bytes", pack.read_bytes())

        asked = [(each.method, each.status) for each in proxy.matching(".*", "k/")]
        assert asked == [("PUT", 200), ("PUT", 200)]
        assert store.stat("k/pack.zip").size == store.stat("k/bytes").size == 40 << 20


def test_a_put_in_parts_that_fails_lets_go_of_them(serving: Callable[[str], Server]) -> None:
    fault = Fault("status", method="PUT", path="partNumber=", status=403, code="AccessDenied")
    server = serving("ministack")
    data = noise((64 << 20) + 5, 4)
    with proxied(server, [fault]) as proxy:
        bucket = proxy.upstream.bucket()
        with pytest.raises(StorageError):
            open_objects(bucket, proxy.server.options).put("o/large", data)

    assert under_way(server, bucket) == []
    store = open_objects(bucket, server.options)
    assert seen(store) == []
    store.put("o/large", data)
    assert store.get("o/large", len(data) - 7) == data[-7:]


def test_a_read_only_store_takes_no_parts(store: ObjectStore) -> None:
    assert ability(ReadOnly(store), Parts) is None


def test_each_call_for_parts_is_traced(store: ObjectStore) -> None:
    calls: list[Call] = []
    parts = parts_of(Trace(store, calls.append))
    upload = parts.begin(KEY)
    parts.complete(KEY, upload, [parts.part(KEY, upload, 1, LAST)])

    assert [(call.name, call.key, call.size) for call in calls] == [
        ("begin", KEY, 0),
        ("part", KEY, len(LAST)),
        ("complete", KEY, 0),
    ]
