"""Seals: JSON documents that tell a digest of their own, so that one flipped bit in them shows.

A seal is the member `sum`: the algorithm, and 16 bytes of the digest of a label, a zero byte and
the canonical bytes of the document without that member. It finds damage, not forgery.
"""

from __future__ import annotations

from collections.abc import Mapping

from wbart_manifest.digest import ALGORITHMS, domain
from wbart_storage.journal import canonical

MEMBER = "sum"
_LENGTH = 16


def seal(document: Mapping[str, object], label: str, algorithm: str) -> bytes:
    """The canonical bytes of the document with its seal. Raises ValueError for what has none."""
    members = canonical.members(document)
    members[MEMBER] = f'"{_sum(canonical.joined(members), label, algorithm)}"'
    return canonical.joined(members)


def seal_of(document: Mapping[str, object], label: str, algorithm: str) -> str:
    """What the member `sum` of the document must say, whether it is in there or not."""
    members = canonical.members({name: value for name, value in document.items() if name != MEMBER})
    return _sum(canonical.joined(members), label, algorithm)


def unseal(data: bytes, label: str) -> dict[str, object]:
    """The document without its seal; the data must be exactly what `seal` gives for it.

    Raises ValueError, which says what is wrong.
    """
    document = canonical.decode(data)
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")
    told = document.pop(MEMBER, None)
    if seal(document, label, algorithm_of(told)) != data:
        canonically = canonical.encode({**document, MEMBER: told}) == data
        raise ValueError("its sum is another" if canonically else "not in canonical form")
    return document


def algorithm_of(told: object) -> str:
    """The algorithm that a seal names. Raises ValueError if it names none that we know."""
    algorithm = told.partition(":")[0] if isinstance(told, str) else ""
    if algorithm not in ALGORITHMS:
        raise ValueError("no sum" if told is None else f"sum {told!r}")
    return algorithm


def _sum(text: bytes, label: str, algorithm: str) -> str:
    return f"{algorithm}:{domain(label, algorithm, text)[:_LENGTH].hex()}"
