"""Uploads to real servers: many at once, gone on with after a kill, and nothing left behind."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Barrier

import pytest
from tests.remote.carrier import carrying, get, make_store, opened, put, wanted
from tests.remote.test_transfers_parts import under_way
from tests.servers import Server
from tests.servers.proxy import Fault, Proxy, proxied

from wbart_manifest.digest import digest_function
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.clock import FixedClock, SystemClock
from wbart_storage.errors import StorageError, StoreFull, StoreUnavailable
from wbart_storage.keys import blob_key
from wbart_storage.objects import Parts, ability
from wbart_storage.opening import open_objects
from wbart_storage.staging.multipart import PART, Multipart
from wbart_storage.staging.sending import AT_ONCE
from wbart_storage.staging.session import Session
from wbart_storage.staging.stage import Stage
from wbart_storage.staging.uploads import KEPT_SECONDS, Uploads

MOST_PARTS, FEW_PARTS = 26, 10
A_PART = "(partNumber=|comp=block&|uploadType=media)"
MOST_MEMORY = 400


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sources")


def made(path: Path, parts: int) -> Path:
    """A file of so many parts, the last one short."""
    piece = os.urandom(1 << 20)
    if not path.exists():
        with path.open("wb") as file:
            for number in range(parts * (PART >> 20) - 1):
                file.write(number.to_bytes(8, "big") + piece[8:])
            file.write(piece[:12_345])
    return path


@pytest.fixture
def large(sources: Path, server: Server) -> Path:
    """A large file: 200 MB on one server; less on the others, which are slower."""
    parts = MOST_PARTS if server.name == "ministack" else FEW_PARTS
    return made(sources / f"large-{parts}", parts)


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    with proxied(server) as proxy:
        yield proxy


def arrived(proxy: Proxy) -> int:
    """How many parts the server has acknowledged, those of a few bytes not counted."""
    found = proxy.matching("PUT|POST", A_PART)
    return sum(1 for each in found if 200 <= each.status < 300 and each.sent > 1000)


def killed_when(child: subprocess.Popen[str], due: Callable[[], bool]) -> None:
    """Kill the process as soon as it is due; it must not have ended before."""
    with child:
        while not due():
            try:
                child.wait(0.01)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(f"it ended before it was killed: {child.returncode}")
        child.send_signal(signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL


def test_a_killed_upload_goes_on_where_it_was(
    proxy: Proxy, bucket: str, large: Path, tmp_path: Path
) -> None:
    make_store(bucket, proxy.server.options)
    carry = "put", bucket, proxy.server.options, tmp_path, large
    proxy.forget()
    parts = -(-large.stat().st_size // PART)
    killed_when(carrying(*carry), lambda: arrived(proxy) >= parts // 2)
    objects = open_objects(bucket, proxy.upstream.options)
    assert [stat.key for stat in objects.list("o/")] == []
    there = arrived(proxy)
    proxy.forget()

    with carrying(*carry) as child:
        told, _ = child.communicate()

    assert child.returncode == 0
    # What had arrived, but was not acknowledged when the process died, may be sent again.
    assert arrived(proxy) <= parts - there < parts
    sent = sum(each.sent for each in proxy.matching("PUT|POST", A_PART))
    assert sent <= large.stat().st_size - (there - 1) * PART
    assert int(told) < MOST_MEMORY
    store = opened(bucket, proxy.upstream.options, tmp_path / "other")
    get(store, large, tmp_path / "out", skip_cache=True)
    assert (tmp_path / "out" / large.name).read_bytes() == large.read_bytes()
    assert [stat.key for stat in objects.list("hints/parts/")] == []
    if proxy.server.protocol == "s3":
        assert under_way(proxy.upstream, bucket) == []
    assert list(tmp_path.glob("cache/*/staging/uploads/*")) == []


def test_what_the_store_has_is_asked_for_once_and_not_sent(
    proxy: Proxy, bucket: str, large: Path, tmp_path: Path
) -> None:
    make_store(bucket, proxy.server.options)
    put(opened(bucket, proxy.server.options, tmp_path / "one"), large)
    store = opened(bucket, proxy.server.options, tmp_path / "two")
    proxy.forget()

    put(store, large)

    assert [(each.method, each.sent) for each in proxy.requests] in ([("HEAD", 0)], [("GET", 0)])


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()], ids=repr)
def test_an_upload_that_cannot_be_remembered_is_let_go_of(
    serving: Callable[[str], Server],
    sources: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
) -> None:
    server, rename = serving("ministack"), os.rename
    bucket = server.bucket()
    make_store(bucket, server.options)

    def failing(source: Path, target: Path) -> None:
        if Path(source).suffix == ".new":
            raise error
        rename(source, target)

    monkeypatch.setattr(os, "rename", failing)
    with pytest.raises((StoreFull, KeyboardInterrupt)):
        put(
            opened(bucket, server.options, tmp_path / "cache"),
            made(sources / f"large-{FEW_PARTS}", FEW_PARTS),
        )

    assert under_way(server, bucket) == []
    assert list(tmp_path.glob("cache/**/uploads/*")) == []


def test_an_upload_that_is_refused_is_let_go_of(
    serving: Callable[[str], Server], sources: Path, tmp_path: Path
) -> None:
    server = serving("ministack")
    bucket = server.bucket()
    large = made(sources / f"large-{MOST_PARTS}", MOST_PARTS)
    make_store(bucket, server.options)
    refusal = Fault("status", path="partNumber=5", status=403, code="AccessDenied")
    with proxied(server, [refusal]) as proxy:
        store = opened(bucket, proxy.server.options, tmp_path)
        with pytest.raises(StorageError):
            put(store, large)

        assert under_way(server, bucket) == []
        assert list(store.objects.list("o/")) == []
        assert proxy.count("PUT", "partNumber") < MOST_PARTS


def test_an_upload_that_the_network_broke_waits_a_day_for_the_next(
    serving: Callable[[str], Server], tmp_path: Path
) -> None:
    server = serving("ministack")
    bucket = server.bucket()
    source = tmp_path / "source"
    source.write_bytes(os.urandom(2 * PART + 5))
    clock = FixedClock(SystemClock().now())
    uploads = Uploads(tmp_path / "uploads", clock)
    key = blob_key(wanted(source).digest.hex())
    down = Fault("status", path="partNumber=2", status=503, code="SlowDown")
    with proxied(server, [down]) as proxy:
        broken = sender(bucket, proxy.server, uploads)
        with pytest.raises(StoreUnavailable):
            broken.send(key, source, lambda size: None)
        broken.close()
    multipart = sender(bucket, server, uploads)
    multipart.sweep()
    assert under_way(server, bucket) == [key]

    clock.advance(2 * KEPT_SECONDS)  # the upload was noted later than the clock says
    multipart.sweep()
    assert under_way(server, bucket) == []
    assert list((tmp_path / "uploads").iterdir()) == []

    multipart.send(key, source, lambda size: None)
    multipart.close()
    assert open_objects(bucket, server.options).get(key) == source.read_bytes()


def sender(bucket: str, server: Server, uploads: Uploads) -> Multipart:
    objects = open_objects(bucket, server.options)
    parts = ability(objects, Parts)
    assert parts is not None
    return Multipart(objects, parts, uploads)


def test_uploads_of_others_are_left_alone(serving: Callable[[str], Server], tmp_path: Path) -> None:
    server = serving("ministack")
    bucket = server.bucket()
    parts = ability(open_objects(bucket, server.options), Parts)
    assert parts is not None
    parts.begin("o/aa/theirs")
    clock = FixedClock(SystemClock().now() + 2 * KEPT_SECONDS)

    sender(bucket, server, Uploads(tmp_path / "uploads", clock)).sweep()

    assert under_way(server, bucket) == ["o/aa/theirs"]


def test_a_lost_answer_to_the_last_request_is_no_failure(
    server: Server, bucket: str, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.write_bytes(os.urandom(PART + 5))
    make_store(bucket, server.options)
    last = "(uploadId=[^&]*$|comp=blocklist|/compose)"
    lost = Fault("lost", path=last, method="POST|PUT", times=1)
    with proxied(server, [lost]) as proxy:
        store = opened(bucket, proxy.server.options, tmp_path)
        parts = ability(store.objects, Parts)
        assert parts is not None
        multipart = Multipart(store.objects, parts, Uploads(tmp_path / "uploads", store.clock))
        multipart.send("o/aa/x", source, lambda size: None)
        multipart.close()
        assert [each for each in proxy.requests if each.fault]

    assert open_objects(bucket, server.options).get("o/aa/x") == source.read_bytes()


class Meeting(MemoryObjects):
    """Lets as many puts meet as are to be under way at once; or fails one of them."""

    def __init__(self, fails_at: int = -1) -> None:
        super().__init__()
        self.barrier = Barrier(AT_ONCE)
        self.fails_at = fails_at
        self.begun = 0

    def put(self, key: str, source: bytes | Path) -> None:
        self.begun += 1
        if self.begun == self.fails_at:
            raise StoreUnavailable("planted")
        if self.fails_at < 0:
            self.barrier.wait(30)
        super().put(key, source)


def staged(stage: Stage, count: int, size: int = 1000) -> list[bytes]:
    """So many blobs on the stage."""
    digests = []
    for number in range(count):
        data = number.to_bytes(4, "big") * (size // 4)
        digest = digest_function("blake3")(data)
        stage.hold(digest, data)
        digests.append(digest)
    return digests


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    session = Session(tmp_path / "staging", SystemClock())
    stage = Stage(session, "blake3", pack_size=1 << 20, min_members=16)
    yield stage
    stage.close()


def test_many_objects_are_on_the_way_at_once(stage: Stage) -> None:
    store = Meeting()
    digests = staged(stage, 2 * AT_ONCE)

    keys = stage.publish(store, [], digests)

    assert keys == [blob_key(each.hex()) for each in digests]
    assert sorted(keys) == [stat.key for stat in store.list("")]


def test_the_first_error_stops_the_rest(stage: Stage) -> None:
    store = Meeting(fails_at=3)
    digests = staged(stage, 500)

    with pytest.raises(StoreUnavailable):
        stage.publish(store, [], digests)

    assert store.begun < 100
    assert len(list(store.list(""))) < 100

    store.fails_at = 0
    stage.publish(store, [], digests)
    assert len(list(store.list(""))) == 500
