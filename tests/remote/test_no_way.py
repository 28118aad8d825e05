"""Credentials that do not reach end at once with exit code 7, a store out of reach soon with 8."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.remote.test_bad_networks import wbart
from tests.servers import Server
from tests.servers.proxy import Fault, proxied
from tests.servers.server import free_ports

from wbart.cli import exit_codes
from wbart_storage.around.retry import Retry
from wbart_storage.errors import AccessDenied, OutcomeUnknown, StoreUnavailable
from wbart_storage.store import create_store, open_store

SOON = 3.0
"""Seconds for a refusal, without the start of a process, on an idle machine."""


def opened(url: str, options: Mapping[str, Any], folder: Path) -> float:
    """The seconds until opening the store failed with AccessDenied."""
    began = time.monotonic()
    with pytest.raises(AccessDenied):
        open_store(url, cache=folder, tool="test", storage_options=options)
    return time.monotonic() - began


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("ministack", 400, "ExpiredToken"),
        ("ministack", 403, "InvalidAccessKeyId"),
        ("ministack", 403, "SignatureDoesNotMatch"),
        ("fakegcs", 401, "Invalid Credentials"),
        ("fakegcs", 403, "Forbidden"),
        ("azurite", 401, "InvalidAuthenticationInfo"),
        ("azurite", 403, "AuthenticationFailed"),
    ],
)
def test_a_refusal_is_not_tried_again(
    name: str, status: int, code: str, serving: Callable[[str], Server], tmp_path: Path
) -> None:
    server = serving(name)
    url = f"{server.bucket()}/store"
    create_store(url, storage_options=server.options)

    with proxied(server, [Fault("status", status=status, code=code)]) as proxy:
        seconds = opened(url, proxy.server.options, tmp_path)
        asked = proxy.count()

    assert asked <= 2
    assert seconds < 3 * SOON


def test_a_wrong_secret_is_told_in_a_sentence(
    serving: Callable[[str], Server], tmp_path: Path
) -> None:
    server = serving("seaweedfs")
    url = f"{server.bucket()}/store"
    create_store(url, storage_options=server.options)

    done = wbart(tmp_path, {**server.options, "secret": "wrong"}, "--store", url, "ls")

    assert done.returncode == exit_codes.NO_PERMISSION
    assert len(done.stderr.splitlines()) == 1


def test_a_store_out_of_reach_ends_with_exit_code_8(
    serving: Callable[[str], Server], tmp_path: Path
) -> None:
    [port] = free_ports(1)
    server = serving("ministack")
    began = time.monotonic()

    done = wbart(tmp_path, server.through(port).options, "--store", "s3://b/store", "ls")

    assert done.returncode == exit_codes.UNAVAILABLE
    assert len(done.stderr.splitlines()) == 1
    assert time.monotonic() - began < 60


def test_an_outcome_that_stays_unknown_says_so(
    serving: Callable[[str], Server], tmp_path: Path
) -> None:
    """The create may have landed, and from then on nothing can be read."""
    server = serving("ministack")
    url = f"{server.bucket()}/store"
    create_store(url, storage_options=server.options)
    with proxied(server) as proxy:
        options = proxy.server.options
        store = open_store(url, cache=tmp_path, tool="test", storage_options=options)
        hasty = Retry(store.objects, lambda: iter(()))
        proxy.faults = [Fault("lost", method="PUT"), Fault("status", method="GET", status=503)]
        with pytest.raises(OutcomeUnknown, match="may have landed") as unknown:
            hasty.create("c/a/b/c/log/000000000000/00000000000000000000.json", b"{}")

    assert exit_codes.exit_code(unknown.value) == exit_codes.UNAVAILABLE
    assert "\n" not in str(unknown.value)
    assert exit_codes.exit_code(StoreUnavailable("x")) == exit_codes.UNAVAILABLE
