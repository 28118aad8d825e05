"""Which addresses of the network are public: those that a stranger's URL may lead us to."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from wbart_storage.errors import ReferenceRefused, StoreUnavailable

Address = tuple[int, str]
"""Family and numeric address."""

_NAT64 = ip_network("64:ff9b::/96")
_AZURE_WIRE = ip_address("168.63.129.16")
"""Answers inside every machine of Azure, though it looks public."""


def addresses(host: str, port: int, *, private: bool) -> list[Address]:
    """The addresses of a host. ReferenceRefused if any of them is not public, unless allowed.

    Connect to what this returned, never to the name: asked again, it may lead elsewhere.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise StoreUnavailable(f"no address of host {host}: {error}") from error
    answers = list(dict.fromkeys((int(family), str(where[0])) for family, *_, where in found))
    for _, text in answers:
        if not private and not is_public(text):
            raise ReferenceRefused(
                f"{host} leads to the private address {text}: private_references does not allow it"
            )
    return answers


def is_public(text: str) -> bool:
    """Whether a numeric address is everybody's; those that wrap another count as that one."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or _wrapped(address)
        if inner is not None:
            return is_public(str(inner))
    return address.is_global and not address.is_multicast and address != _AZURE_WIRE


def _wrapped(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64 or int(address) >> 32 == 0:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.teredo[1] if address.teredo is not None else None
