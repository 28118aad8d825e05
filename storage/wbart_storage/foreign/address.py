"""Which addresses of the network are public: those that a stranger's URL may lead us to."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from wbart_storage.errors import ReferenceRefused, StoreUnavailable

Address = tuple[int, str]
"""Family and numeric address."""

_NAT64 = ip_network("64:ff9b::/96")
_TRANSLATED = ip_network("::ffff:0:0:0/96")
"""IPv4 behind a translator (RFC 7915)."""
_OWN = (ip_network("64:ff9b:1::/48"), ip_network("fec0::/10"))
"""Of each network its own, whatever releases of Python say: local NAT64 (RFC 8215), site-local."""
_ISATAP = (0x00005EFE, 0x02005EFE)
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
        if any(address in network for network in _OWN) or _leads_inside(address):
            return False
    return address.is_global and not address.is_multicast and address != _AZURE_WIRE


def _wrapped(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64 or address in _TRANSLATED or int(address) >> 32 == 0:
        return _last(address)
    return address.teredo[1] if address.teredo is not None else None


def _leads_inside(address: IPv6Address) -> bool:
    """Whether a router that speaks ISATAP (RFC 5214) would carry it to a private address."""
    return int(address) >> 32 & 0xFFFFFFFF in _ISATAP and not is_public(str(_last(address)))


def _last(address: IPv6Address) -> IPv4Address:
    return IPv4Address(int(address) & 0xFFFFFFFF)
