"""Digests: an algorithm's name and the hash of some bytes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol, Self

from blake3 import blake3

from wbart_manifest.errors import DigestInvalid, shown

Buffer = bytes | bytearray | memoryview

ALGORITHMS: Mapping[str, int] = MappingProxyType({"blake3": 32, "sha256": 32})
"""What may name content: the algorithm, and the length of its digests in bytes."""

_HEX = frozenset("0123456789abcdef")


class Hasher(Protocol):
    """Takes bytes piece by piece; digest() is the raw digest of all so far."""

    def update(self, data: Buffer, /) -> object: ...
    def digest(self) -> bytes: ...


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """The digest of some bytes. Equal digests mean equal bytes.

    parse and str are the only ways in and out as text: `blake3:<64 hex>`.
    """

    algorithm: str
    raw: bytes

    def __post_init__(self) -> None:
        check_raw(self.raw, self.algorithm)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `<algorithm>:<lower-case hex>`. Raises DigestInvalid for anything else."""
        algorithm, colon, digits = text.partition(":")
        if not colon or algorithm not in ALGORITHMS or not _HEX.issuperset(digits):
            raise DigestInvalid(f"not a digest: {shown(text)}")
        if len(digits) != 2 * ALGORITHMS[algorithm]:
            raise DigestInvalid(f"a digest of the wrong length: {shown(text)}")
        return cls(algorithm, bytes.fromhex(digits))

    @classmethod
    def of(cls, data: Buffer, algorithm: str = "blake3") -> Self:
        """Return the digest of data."""
        return cls(algorithm, digest_function(algorithm)(data))

    @property
    def hex(self) -> str:
        """The hash alone, in lower-case hexadecimal: the form that keys use."""
        return self.raw.hex()

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.raw.hex()}"


def check_algorithm(algorithm: str) -> str:
    """Return the algorithm's name unchanged. Raises DigestInvalid when it is not known."""
    if algorithm not in ALGORITHMS:
        raise DigestInvalid(f"unknown digest algorithm: {shown(str(algorithm))}")
    return algorithm


def check_raw(raw: bytes, algorithm: str) -> bytes:
    """Return a raw digest unchanged. Raises DigestInvalid unless it has the algorithm's length."""
    wanted = ALGORITHMS[check_algorithm(algorithm)]
    if not isinstance(raw, bytes) or len(raw) != wanted:
        raise DigestInvalid(f"a raw {algorithm} digest is {wanted} bytes, not {shown(repr(raw))}")
    return raw


def hasher(algorithm: str, threads: int = 1) -> Hasher:
    """Return a fresh hasher. BLAKE3 may use several threads; it pays on buffers over 1 MiB."""
    if check_algorithm(algorithm) == "blake3":
        return blake3(max_threads=threads)
    from hashlib import sha256  # loads OpenSSL: 10 ms that BLAKE3 need not pay

    return sha256()


def digest_function(algorithm: str) -> Callable[[Buffer], bytes]:
    """Return the fastest function from a whole buffer to its raw digest."""
    return _blake3 if check_algorithm(algorithm) == "blake3" else _sha256


def domain(label: str, algorithm: str, *parts: Buffer) -> bytes:
    """Return the raw digest of label, a zero byte and the parts.

    The label keeps kinds apart: a file's digest can never pass for a node's.
    """
    state = hasher(algorithm)
    state.update(label.encode() + b"\0")
    for part in parts:
        state.update(part)
    return state.digest()


def _blake3(data: Buffer) -> bytes:
    return blake3(data).digest()


def _sha256(data: Buffer) -> bytes:
    from hashlib import sha256

    return sha256(data).digest()
