"""No client library is patient on its own: that is for Retry, which counts the seconds.

A server of our own gives the same answer to everything, and counts how often it was asked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from wbart_storage.errors import AccessDenied, StorageError, StoreUnavailable
from wbart_storage.objects import ObjectStore
from wbart_storage.opening import open_objects

Call = Callable[[ObjectStore], object]
_CALLS: list[Call] = [
    lambda store: store.get("a/b"),
    lambda store: store.stat("a/b"),
    lambda store: store.put("a/b", b"x" * 100),
    lambda store: store.create("a/b", b"x" * 100),
    lambda store: store.delete(["a/b"]),
    lambda store: list(store.list("a/")),
]
_NAMES = ["get", "stat", "put", "create", "delete", "list"]
_SECONDS = 6.0
"""What a call may take here, on a machine that is busy with other tests."""


class Unvarying(ThreadingHTTPServer):
    """Answers every request with one status and body."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.status, self.body, self.code = 503, b"", ""
        self.asked = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    """Reads the request, as servers do, and answers what it was told."""

    protocol_version = "HTTP/1.1"
    server: Unvarying  # pyright: ignore[reportIncompatibleVariableOverride]

    def answer(self) -> None:
        self.server.asked += 1
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b"" if self.command == "HEAD" else self.server.body
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        if self.server.code:
            self.send_header("x-ms-error-code", self.server.code)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer

    def log_message(self, format: str, *_: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def unvarying() -> Iterator[Unvarying]:
    with Unvarying() as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def opened(protocol: str, address: str) -> ObjectStore:
    options: dict[str, dict[str, Any]] = {
        "s3": {
            "key": "k",
            "secret": "s",
            "endpoint_url": f"http://{address}",
            "client_kwargs": {"region_name": "eu-central-1"},
        },
        "gs": {"token": "anon", "endpoint_url": f"http://{address}"},
        "az": {
            "connection_string": "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;"
            f"BlobEndpoint=http://{address}/a"
        },
    }
    return open_objects(f"{protocol}://bucket/x", options[protocol])


@pytest.mark.parametrize("protocol", ["s3", "gs", "az"])
@pytest.mark.parametrize(
    ("status", "call"),
    [*((503, call) for call in _CALLS), (500, _CALLS[0]), (429, _CALLS[0])],
    ids=[*_NAMES, "get-500", "get-429"],
)
def test_a_server_in_trouble_is_asked_a_few_times_within_seconds(
    unvarying: Unvarying, protocol: str, status: int, call: Call
) -> None:
    unvarying.status = status
    store = opened(protocol, unvarying.address)
    start = time.monotonic()

    with pytest.raises(StoreUnavailable):
        call(store)

    assert time.monotonic() - start < _SECONDS
    assert unvarying.asked <= (9 if call is _CALLS[-1] else 3)


@pytest.mark.parametrize("protocol", ["s3", "gs", "az"])
@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("call", _CALLS, ids=_NAMES)
def test_wrong_credentials_end_at_once(
    unvarying: Unvarying, protocol: str, status: int, call: Call
) -> None:
    unvarying.status = status
    unvarying.body = b'{"error": {"code": 401, "message": "Invalid Credentials"}}'
    store = opened(protocol, unvarying.address)

    with pytest.raises(AccessDenied):
        call(store)

    assert unvarying.asked == 1


def test_an_expired_token_of_s3_is_denied(unvarying: Unvarying) -> None:
    unvarying.status = 400
    unvarying.body = b"<Error><Code>ExpiredToken</Code><Message>expired</Message></Error>"

    with pytest.raises(AccessDenied):
        opened("s3", unvarying.address).put("a/b", b"x")

    assert unvarying.asked == 1


@pytest.mark.parametrize("protocol", ["s3", "gs", "az"])
@pytest.mark.parametrize("call", _CALLS, ids=_NAMES)
def test_nobody_at_the_port_is_found_out_within_seconds(protocol: str, call: Call) -> None:
    with Unvarying() as server:
        address = server.address
    start = time.monotonic()

    with pytest.raises(StorageError) as caught:
        call(opened(protocol, address))

    assert caught.value.transient
    assert time.monotonic() - start < _SECONDS
