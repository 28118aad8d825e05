"""Fixtures: servers that start when the first test asks for them, and end with the session."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from tests.servers.kinds import GOOD, start
from tests.servers.server import Server

# Read when gcsfs is imported; without it each new bucket costs a call that no emulator answers.
os.environ["GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT"] = "false"


@pytest.fixture(scope="session")
def serving() -> Iterator[Callable[[str], Server]]:
    """Gives the running server of a name, the same one for the whole session."""
    found: dict[str, Server] = {}
    with ExitStack() as stack:

        def serve(name: str) -> Server:
            if name not in found:
                found[name] = stack.enter_context(start(name))
            return found[name]

        yield serve


@pytest.fixture(params=GOOD)
def server(request: pytest.FixtureRequest, serving: Callable[[str], Server]) -> Server:
    """Each server that a store may be made on, one after the other."""
    return serving(request.param)


@pytest.fixture
def bucket(server: Server) -> str:
    """The URL of a new bucket on the server."""
    return server.bucket()
