"""The tests' proxy itself: what passes, and what each fault does."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import pytest
from tests.servers import Server
from tests.servers.proxy import Fault, Proxy, proxied

_DATA = bytes(range(256)) * 400


@pytest.fixture
def proxy(serving: Callable[[str], Server]) -> Iterator[Proxy]:
    with proxied(serving("ministack")) as made:
        yield made


@pytest.fixture
def address(proxy: Proxy) -> str:
    """The address of a new object of `_DATA`, by way of the proxy."""
    name = proxy.upstream.bucket().removeprefix("s3://")
    address = f"{proxy.server.endpoint}/{name}/thing"
    _put(address)
    proxy.forget()
    return address


def _put(address: str) -> None:
    urllib.request.urlopen(urllib.request.Request(address, _DATA, method="PUT")).close()


def _get(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=5) as answer:
        return bytes(answer.read())


def test_each_server_works_through_it(server: Server) -> None:
    bucket = server.bucket().partition("://")[2]

    with proxied(server) as proxy:
        fs = proxy.server.fs()
        fs.pipe_file(f"{bucket}/a", _DATA)
        fs.pipe_file(f"{bucket}/big", _DATA * 9)

        assert fs.cat_file(f"{bucket}/a", start=0) == _DATA
        assert fs.cat_file(f"{bucket}/big") == _DATA * 9
        assert fs.ls(bucket, detail=False) == [f"{bucket}/a", f"{bucket}/big"]

    assert sum(each.sent for each in proxy.requests) > 10 * len(_DATA) - 1
    assert sum(each.received for each in proxy.requests) > 10 * len(_DATA) - 1


def test_requests_are_counted_with_their_bytes(proxy: Proxy, address: str) -> None:
    _put(address)
    _get(address)

    put, get = proxy.requests
    assert (put.method, put.sent, put.status) == ("PUT", len(_DATA), 200)
    assert (get.method, get.received, get.status) == ("GET", len(_DATA), 200)
    assert (proxy.count(), proxy.count("PUT"), proxy.count(path="thing$")) == (2, 1, 2)


def test_a_status_does_not_reach_the_server(proxy: Proxy, address: str) -> None:
    proxy.faults = [Fault("status", status=503, code="SlowDown", retry_after=2, times=1)]

    with pytest.raises(urllib.error.HTTPError) as failed:
        _get(address)

    assert failed.value.code == 503
    assert failed.value.headers["Retry-After"] == "2"
    assert b"<Code>SlowDown</Code>" in failed.value.read()
    assert _get(address) == _DATA


@pytest.mark.parametrize(("what", "stored"), [("reset", False), ("lost", True), ("torn", False)])
def test_a_spoilt_upload_is_stored_or_not(
    proxy: Proxy, address: str, what: str, stored: bool
) -> None:
    proxy.faults = [Fault(what, method="PUT", path="other")]  # type: ignore[arg-type]

    with pytest.raises((OSError, http.client.HTTPException)):
        _put(f"{address}-other")

    proxy.faults = []
    if stored:
        assert _get(f"{address}-other") == _DATA
    else:
        with pytest.raises(urllib.error.HTTPError):
            _get(f"{address}-other")


@pytest.mark.parametrize("what", ["cut", "short"])
def test_an_answer_breaks_off_in_its_middle(proxy: Proxy, address: str, what: str) -> None:
    proxy.faults = [Fault(what)]  # type: ignore[arg-type]

    with pytest.raises((OSError, http.client.HTTPException)):
        _get(address)

    assert proxy.requests[0].received == len(_DATA) // 2


def test_one_bit_is_flipped_on_either_way(proxy: Proxy, address: str) -> None:
    proxy.faults = [Fault("flip", method="GET"), Fault("flip_request", method="PUT", times=1)]

    there = _get(address)
    proxy.faults = proxy.faults[1:]
    _put(address)
    back = _get(address)

    for got in (there, back):
        assert len(got) == len(_DATA)
        assert sum(one != other for one, other in zip(got, _DATA, strict=True)) == 1


def test_a_hanging_request_times_out(proxy: Proxy, address: str) -> None:
    proxy.faults = [Fault("hang", times=1)]

    with pytest.raises(OSError):
        urllib.request.urlopen(address, timeout=0.2)

    assert _get(address) == _DATA


def test_a_rate_falls_on_the_same_requests_whatever_their_order_and_bucket(
    serving: Callable[[str], Server],
) -> None:
    server = serving("ministack")
    names = [f"/thing-{number}" for number in range(60)]

    def spoilt(order: list[str]) -> set[str]:
        bucket = server.bucket().removeprefix("s3:/")
        with proxied(server, [Fault("status", rate=0.3)]) as proxy:
            for name in order:
                with pytest.raises(urllib.error.HTTPError):
                    _get(proxy.server.endpoint + bucket + name)
            return {each.path.removeprefix(bucket) for each in proxy.requests if each.fault}

    first = spoilt(names)

    assert spoilt(names[::-1]) == first
    assert 8 < len(first) < 28
