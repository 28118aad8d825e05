"""Buckets through obstore: the same contract, the same winners, and nothing hung after a fork."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from obstore.store import MemoryStore
from tests.servers import Server
from tests.servers.proxy import proxied

from wbart_storage.backends.remote import FsspecObjects
from wbart_storage.errors import (
    AccessDenied,
    ObjectExists,
    StorageError,
    StoreMissing,
    StoreRefused,
    StoreUnavailable,
)
from wbart_storage.fast import options as obstore_options
from wbart_storage.fast.byprocess import ByProcess
from wbart_storage.fast.client import place_of
from wbart_storage.fast.objects import ObstoreObjects
from wbart_storage.files.folder_hash import can_fork
from wbart_storage.objects import ObjectStore
from wbart_storage.opening import open_objects
from wbart_storage.store import create_store, open_store
from wbart_storage.testing import StoreContract

SERVERS = ("seaweedfs", "ministack", "moto", "azurite")
"""Not fakegcs: it has no XML API, which is the one that obstore writes to (400)."""


def options_of(server: Server) -> dict[str, Any]:
    return {**server.options, "client": "obstore"}


class TestServers(StoreContract):
    @pytest.fixture(params=SERVERS)
    def server(self, request: pytest.FixtureRequest, serving: Callable[[str], Server]) -> Server:
        return serving(request.param)

    @pytest.fixture
    def url(self, server: Server) -> str:
        return f"{server.bucket()}/some/root"

    @pytest.fixture
    def store(self, server: Server, url: str) -> ObjectStore:
        return open_objects(url, options_of(server))

    @pytest.fixture
    def reopen(self, server: Server, url: str) -> Callable[[], ObjectStore]:
        return partial(open_objects, url, options_of(server))


class TestMemory(StoreContract):
    """The contract is kept by what stands above obstore, too, not by the servers alone."""

    @pytest.fixture
    def store(self) -> ObjectStore:
        return ObstoreObjects(MemoryStore(), "memory", "memory://")


@pytest.fixture
def url(serving: Callable[[str], Server]) -> str:
    return f"{serving('ministack').bucket()}/root"


@pytest.fixture
def options(serving: Callable[[str], Server]) -> dict[str, Any]:
    return options_of(serving("ministack"))


def test_sixteen_processes_race_and_exactly_one_wins(url: str, options: dict[str, Any]) -> None:
    keys = [f"race/{number}" for number in range(50)]
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(16, mp_context=spawn) as pool:
        wins = list(pool.map(partial(create_all, url, options, keys), range(16)))

    store = open_objects(url, options)
    for number, key in enumerate(keys):
        winners = [child for child, won in enumerate(wins) if won[number]]
        assert len(winners) == 1, key
        assert store.get(key) == bytes([winners[0]]) * 2500


def create_all(url: str, options: dict[str, Any], keys: list[str], name: int) -> list[bool]:
    store = open_objects(url, options)
    assert isinstance(store, ByProcess)
    assert isinstance(store.inner, ObstoreObjects)
    won = []
    for key in keys:
        try:
            store.create(key, bytes([name]) * 2500)
        except ObjectExists:
            won.append(False)
        else:
            won.append(True)
    return won


def test_the_child_of_a_fork_goes_through_fsspec_and_does_not_hang(
    url: str, options: dict[str, Any]
) -> None:
    store = open_objects(url, options)
    store.put("a", b"parent")  # from now on obstore has threads

    def child() -> bool:
        again = open_objects(url, options)
        store.create("b", b"child")
        return again.get("b") + store.get("a") == b"childparent"

    assert in_fork(child)
    assert isinstance(store, ByProcess)
    assert isinstance(store.inner, ObstoreObjects)
    assert store.get("b") == b"child"


def in_fork(work: Callable[[], bool]) -> bool:
    """Whether work was done, and returned True, within some seconds in the child of a fork."""
    pid = os.fork()
    if pid == 0:
        done = False
        try:
            done = work()
        finally:
            os._exit(0 if done else 1)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return False


def test_nothing_is_hashed_in_forks_once_obstore_is_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    assert not can_fork()

    monkeypatch.delitem(sys.modules, "obstore")

    assert can_fork()


def test_a_large_file_goes_in_parts_and_memory_stays_bounded(
    url: str, options: dict[str, Any], tmp_path: Path
) -> None:
    source = tmp_path / "large"
    with source.open("wb") as file:
        for number in range(256):
            file.write(bytes([number]) * (1 << 20))
    grown = subprocess.run(
        [sys.executable, "-c", GROWTH, url, json.dumps(options), str(source)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )

    assert grown.returncode == 0, grown.stderr
    assert 0 < int(grown.stdout) < 128  # MiB
    store = open_objects(url, options)
    assert store.stat("large").size == 256 << 20
    assert store.get("large", 7 << 20, (7 << 20) + 3) == b"\7\7\7"


@pytest.mark.parametrize("name", ["seaweedfs", "ministack", "moto"])
@pytest.mark.parametrize("size", [1, 8 << 20, (20 << 20) + 3])
def test_what_arrived_is_known_by_its_etag_and_not_read_again(
    serving: Callable[[str], Server], name: str, size: int, tmp_path: Path
) -> None:
    data = os.urandom(size)
    source = tmp_path / "source"
    source.write_bytes(data)
    with proxied(serving(name)) as proxy:
        store = open_objects(f"{proxy.upstream.bucket()}/root", options_of(proxy.server))
        store.put("data", data)
        store.put("file", source)

        assert proxy.count("GET", "root/(data|file)") == 0
        assert store.get("data") == store.get("file") == data


GROWTH = """
import json, sys
from pathlib import Path
from tests.storage.memory_user import peak
from wbart_storage.opening import open_objects
store = open_objects(sys.argv[1], json.loads(sys.argv[2]))
store.put("small", b"x")
before = peak()
store.put("large", Path(sys.argv[3]))
print(peak() - before)
"""


def test_without_the_package_the_message_names_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "obstore.store", None)

    with pytest.raises(StoreRefused, match=r"^client 'obstore' is not installed: .*wbart\[fast\]"):
        open_objects("s3://bucket/root", {"client": "obstore", "anon": True})


def test_an_unknown_client_is_refused() -> None:
    with pytest.raises(StoreRefused, match="no client 'boto': it is one of fsspec, obstore"):
        open_objects("s3://bucket/root", {"client": "boto"})


def test_what_obstore_has_no_word_for_stays_fsspecs() -> None:
    store = open_objects("memory://place", {"client": "obstore"})

    assert isinstance(store, FsspecObjects)


@pytest.mark.parametrize(
    ("url", "option"),
    [("s3://b", "bogus"), ("gs://b", "check_connection"), ("az://b", "credential")],
)
def test_an_option_that_is_not_understood_is_refused_by_name_only(url: str, option: str) -> None:
    given = {"client": "obstore", option: "s3cret", "key": "k", "account_name": "a"}
    if not url.startswith("s3"):
        del given["key"]
    if not url.startswith("az"):
        del given["account_name"]

    with pytest.raises(StoreRefused, match=option) as caught:
        open_objects(url, given)

    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"key": "k", "secret": "s", "token": "t", "endpoint_url": "http://h"},
            {
                "access_key_id": "k",
                "secret_access_key": "s",
                "session_token": "t",
                "endpoint": "http://h",
                "region": "us-east-1",
            },
        ),
        (
            {"anon": True, "client_kwargs": {"region_name": "eu", "endpoint_url": "https://h"}},
            {"skip_signature": True, "region": "eu", "endpoint": "https://h"},
        ),
        (
            {
                "key": "k",
                "secret": "s",
                "requester_pays": True,
                "s3_additional_kwargs": {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "i"},
                "config_kwargs": {"s3": {"addressing_style": "virtual"}},
                "max_concurrency": 3,
            },
            {
                "access_key_id": "k",
                "secret_access_key": "s",
                "region": "us-east-1",
                "request_payer": "requester",
                "server_side_encryption": "aws:kms",
                "sse_kms_key_id": "i",
                "virtual_hosted_style_request": True,
            },
        ),
    ],
)
def test_options_of_s3fs_are_translated(given: dict[str, Any], said: dict[str, Any]) -> None:
    assert obstore_options.s3(given) == (said, None)


def test_keys_of_s3_are_looked_for_where_botocore_looks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    with pytest.raises(AccessDenied, match="no AWS credentials"):
        obstore_options.s3({})
    (tmp_path / "config").write_text("[profile mine]\nregion = eu-west-1\n")
    (tmp_path / "credentials").write_text(
        "[mine]\naws_access_key_id = k\naws_secret_access_key = s\n"
    )

    said = obstore_options.s3({"profile": "mine"})

    assert said.config == {"region": "eu-west-1"}
    assert said.credentials is not None
    found = said.credentials()
    assert (found["access_key_id"], found["secret_access_key"]) == ("k", "s")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"token": "anon", "endpoint_url": "http://h", "project": "p"},
         {"skip_signature": True, "base_url": "http://h"}),
        ({"token": "/key.json"}, {"application_credentials": "/key.json"}),
        ({"token": {"a": 1}}, {"service_account_key": '{"a": 1}'}),
        ({"token": "google_default"}, {}),
    ],
)  # fmt: skip
def test_options_of_gcsfs_are_translated(given: dict[str, Any], said: dict[str, Any]) -> None:
    assert obstore_options.gcs(given) == (said, None)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"account_name": "a", "account_key": "k"}, {"account_name": "a", "account_key": "k"}),
        ({"account_name": "a", "sas_token": "?sv=1"}, {"account_name": "a", "sas_key": "?sv=1"}),
        ({"account_name": "a", "anon": True}, {"account_name": "a", "skip_signature": True}),
        (
            {"connection_string": "AccountName=a;AccountKey=k==;BlobEndpoint=http://h/a;"},
            {"account_name": "a", "account_key": "k==", "endpoint": "http://h/a"},
        ),
        (
            {
                "connection_string": "AccountName=a;AccountKey=k;"
                "EndpointSuffix=core.chinacloudapi.cn"
            },
            {
                "account_name": "a",
                "account_key": "k",
                "endpoint": "https://a.blob.core.chinacloudapi.cn",
            },
        ),
    ],
)
def test_options_of_adlfs_are_translated(given: dict[str, Any], said: dict[str, Any]) -> None:
    assert obstore_options.azure(given) == (said, None)


def test_a_container_url_names_its_account() -> None:
    found = place_of("abfss", "abfss://box@acct.dfs.core.windows.net/a/b/")

    assert found == ("box", "a/b", {"account_name": "acct"})


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        ({"key": "nobody"}, AccessDenied),
        ({"secret": "wrong"}, AccessDenied),
        ({"endpoint_url": "http://127.0.0.1:9"}, StoreUnavailable),
    ],
)
def test_errors_are_those_of_the_contract(
    serving: Callable[[str], Server], spoil: dict[str, Any], error: type[StorageError]
) -> None:
    server = serving("seaweedfs")
    store = open_objects(f"{server.bucket()}/root", {**options_of(server), **spoil})

    calls: list[Callable[[], object]] = [
        lambda: store.get("a"),
        lambda: store.get("a", 5, 10),
        lambda: store.stat("a"),
        lambda: store.put("a", b"x"),
        lambda: store.create("a", b"x"),
        lambda: list(store.list("")),
        lambda: list(store.list("", "/")),
        lambda: store.delete(["a", "b"]),
    ]
    for call in calls:
        with pytest.raises(error) as caught:
            call()
        assert "Debug source" not in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_bucket_that_is_missing_is_no_missing_object(serving: Callable[[str], Server]) -> None:
    for name in ("ministack", "azurite"):
        server = serving(name)
        store = open_objects(f"{server.protocol}://no-such-bucket/x", options_of(server))

        with pytest.raises(StoreMissing):
            store.get("a")


def test_a_store_is_made_and_used_through_obstore(
    url: str, options: dict[str, Any], tmp_path: Path
) -> None:
    create_store(url, storage_options=options)

    store = open_store(url, cache=tmp_path, tool="test", storage_options=options)

    assert store.config.abilities.create
    store.nodes.put(b"\1" * 32, b"node")
    fresh = open_store(url, cache=tmp_path, tool="test", storage_options=options)
    assert fresh.nodes.get(b"\1" * 32) == b"node"
