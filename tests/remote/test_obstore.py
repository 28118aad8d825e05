"""Buckets through obstore: the same contract, the same winners, and nothing hung after a fork."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from tests.servers import Server

from wbart_storage.objects import ObjectStore
from wbart_storage.opening import open_objects
from wbart_storage.testing import StoreContract

pytest.importorskip("obstore")

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
