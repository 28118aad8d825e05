"""Every real server keeps the whole contract, the race between processes included."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import uuid4

import pytest
from tests.servers import Server

from wbart_storage.objects import ObjectStore
from wbart_storage.opening import open_objects
from wbart_storage.testing import StoreContract


@pytest.fixture(scope="module")
def buckets() -> dict[str, str]:
    """One bucket a server is enough; they are dear on some."""
    return {}


class TestServers(StoreContract):
    @pytest.fixture
    def url(self, server: Server, buckets: dict[str, str]) -> str:
        if server.name not in buckets:
            buckets[server.name] = server.bucket()
        return f"{buckets[server.name]}/some/{uuid4().hex}"

    @pytest.fixture
    def store(self, server: Server, url: str) -> ObjectStore:
        return open_objects(url, server.options)

    @pytest.fixture
    def reopen(self, server: Server, url: str) -> Callable[[], ObjectStore]:
        return partial(open_objects, url, dict(server.options))


class TestWholeBucket(StoreContract):
    """The root of a bucket is a root like any other."""

    @pytest.fixture
    def store(self, serving: Callable[[str], Server]) -> ObjectStore:
        server = serving("ministack")
        return open_objects(server.bucket(), server.options)
