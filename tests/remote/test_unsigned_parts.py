"""Bodies of parts are signed until the server has shown that it sees what is spoilt without it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from tests.servers import Server
from tests.servers.proxy import Fault, proxied

from wbart_storage.errors import StorageError
from wbart_storage.objects import ObjectStore, Part, Parts, ability
from wbart_storage.opening import open_objects

KEY = "o/aa/" + "ab" * 32
FIVE = 5 << 20
CHANCE = random.Random(5)
BODIES = [CHANCE.randbytes(FIVE), CHANCE.randbytes(FIVE), CHANCE.randbytes(1000)]
UNSIGNED = "UNSIGNED-PAYLOAD"


@pytest.fixture
def signed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the signature of each part said of its body."""
    from botocore.auth import S3SigV4Auth

    seen: list[str] = []
    payload = S3SigV4Auth.payload

    def recorded(self: Any, request: Any) -> Any:
        found = payload(self, request)
        if "partNumber=" in request.url and "partNumber=10000" not in request.url:
            seen.append(found)
        return found

    monkeypatch.setattr(S3SigV4Auth, "payload", recorded)
    return seen


def upload(store: ObjectStore) -> tuple[Parts, str, list[Part]]:
    parts = ability(store, Parts)
    assert parts is not None
    name = parts.begin(KEY)
    return parts, name, [parts.part(KEY, name, n, data) for n, data in enumerate(BODIES, 1)]


@pytest.mark.parametrize(
    ("name", "looks"), [("seaweedfs", True), ("ministack", True), ("moto", False)]
)
def test_the_signature_is_spared_where_the_server_looks_at_the_checksum(
    name: str, looks: bool, serving: Callable[[str], Server], signed: list[str]
) -> None:
    server = serving(name)
    store = open_objects(f"{server.bucket()}/store", server.options)

    parts, key, found = upload(store)
    parts.complete(KEY, key, found)

    assert signed[0] != UNSIGNED
    assert [each == UNSIGNED for each in signed[1:]] == [looks, looks]
    assert store.get(KEY) == b"".join(BODIES)


def test_each_of_two_stores_of_the_same_options_finds_out(
    serving: Callable[[str], Server], signed: list[str]
) -> None:
    server = serving("ministack")
    url = f"{server.bucket()}/store"
    stores = [open_objects(url, server.options) for _ in range(2)]

    for store in stores:
        upload(store)

    assert [each == UNSIGNED for each in signed] == [False, True, True] * 2


@pytest.mark.parametrize("wanted", [True, False])
def test_whoever_says_how_to_sign_is_obeyed(
    wanted: bool, serving: Callable[[str], Server], signed: list[str]
) -> None:
    server = serving("seaweedfs")
    config = {"s3": {"payload_signing_enabled": wanted, "addressing_style": "path"}}
    options = {**server.options, "config_kwargs": config}

    upload(open_objects(f"{server.bucket()}/store", options))

    assert {each == UNSIGNED for each in signed} == {not wanted}


def test_a_spoilt_part_without_a_signature_is_refused(
    serving: Callable[[str], Server], signed: list[str]
) -> None:
    server = serving("seaweedfs")
    with proxied(server) as proxy:
        store = open_objects(f"{server.bucket()}/store", proxy.server.options)
        parts, key, _ = upload(store)
        assert signed[-1] == UNSIGNED
        proxy.faults = [Fault("flip_request", method="PUT", path="partNumber=2")]

        with pytest.raises(StorageError) as caught:
            parts.part(KEY, key, 2, BODIES[1])

    assert caught.value.transient


@pytest.mark.parametrize("times", [1, None])
def test_a_server_that_takes_no_unsigned_body_gets_signed_ones(
    times: int | None, serving: Callable[[str], Server], signed: list[str]
) -> None:
    server = serving("seaweedfs")
    trial = "partNumber=10000"
    refusal = Fault("status", status=403, code="AccessDenied", path=trial, times=times)
    with proxied(server, [refusal]) as proxy:
        store = open_objects(f"{server.bucket()}/store", proxy.server.options)
        parts, key, found = upload(store)
        parts.complete(KEY, key, found)
        assert store.get(KEY) == b"".join(BODIES)
        assert proxy.count(path=trial) == 2  # without a signature and with one, whatever follows

    assert UNSIGNED not in signed
