from __future__ import annotations

import socket
from typing import Any

import pytest

from wbart_storage.errors import ReferenceRefused, StoreUnavailable
from wbart_storage.foreign.address import addresses, is_public


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "224.0.0.1",
        "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::7f00:1",
        "64:ff9b:1::808:808", "64:ff9b:1:ffff::1", "fec0::1", "feff::1", "::ffff:0:10.0.0.1",
        "::ffff:0:127.0.0.1", "2606:4700::5efe:10.0.0.1", "2606:4700::200:5efe:127.0.0.1",
        "fe80::5efe:8.8.8.8", "fec0::5efe:8.8.8.8",
    ],
)  # fmt: skip
def test_addresses_of_machines_and_networks_of_ones_own_are_private(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808",
        "::ffff:0:8.8.8.8", "2606:4700::5efe:8.8.8.8", "2606:4700::a00:1",
    ],
)  # fmt: skip
def test_addresses_that_are_everybodys_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "::1", "localhost"])
def test_however_a_host_is_written_its_address_counts(host: str) -> None:
    with pytest.raises(ReferenceRefused, match="private_references"):
        addresses(host, 80, private=False)


def test_private_addresses_are_given_when_they_are_allowed() -> None:
    assert addresses("127.0.0.1", 80, private=True) == [(socket.AF_INET, "127.0.0.1")]


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(*_: object, **__: object) -> list[Any]:
        return [(socket.AF_INET, 1, 6, "", (each, 80)) for each in ("8.8.8.8", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", answer)

    with pytest.raises(ReferenceRefused, match=r"10\.0\.0\.1"):
        addresses("two.example", 80, private=False)


def test_a_host_without_an_address_may_have_one_later() -> None:
    with pytest.raises(StoreUnavailable, match="no address of host"):
        addresses("a" * 70 + ".invalid", 80, private=False)
