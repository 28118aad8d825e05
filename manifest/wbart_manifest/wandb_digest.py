"""W&B's own digests, for migration and comparison: of files, and of whole manifests.

They are evidence, never identity: blobs are stored and verified under the store's digest.
"""

from base64 import b64decode, b64encode
from typing import Final

from xxhash import xxh3_128

from wbart_manifest.digest import Hasher
from wbart_manifest.entry import Entry
from wbart_manifest.errors import DigestInvalid, shown

MD5: Final = "MD5"
XXH128: Final = "XXH128"
HEADER: Final = b"wandb-artifact-manifest-v1\n"

_LENGTH = 16


def wandb_hasher(algorithm: str) -> Hasher:
    """Return a fresh hasher of W&B's algorithm. Raises DigestInvalid when it is not one."""
    if algorithm == MD5:
        from hashlib import md5  # loads OpenSSL: 10 ms that others need not pay

        return md5(usedforsecurity=False)
    if algorithm == XXH128:
        return xxh3_128()
    raise DigestInvalid(f"unknown W&B digest algorithm: {shown(str(algorithm))}")


def to_text(raw: bytes) -> str:
    """Return a raw digest as W&B writes it for a file: base64."""
    return b64encode(raw).decode()


def from_text(text: str) -> bytes:
    """Read a file's W&B digest. Raises DigestInvalid unless it is base64 of 16 bytes."""
    try:
        raw = b64decode(text, validate=True)
    except ValueError:
        raw = b""
    if len(raw) != _LENGTH or to_text(raw) != text:
        raise DigestInvalid(f"not a W&B digest: {shown(str(text))}")
    return raw


def entry_digest(entry: Entry, algorithm: str) -> str:
    """Return the text that W&B would show as an entry's digest.

    A file without a W&B digest shows its own, `<algorithm>:<hex>`.
    """
    if entry.reference is not None:
        return entry.reference.digest
    return to_text(entry.wandb) if entry.wandb else f"{algorithm}:{entry.digest.hex()}"


class ManifestDigest:
    """W&B's digest of a manifest, taken entry by entry in ascending order of path.

    Sizes, URIs and extras do not enter: that is W&B's rule, and why it identifies nothing here.
    """

    def __init__(self, algorithm: str = MD5) -> None:
        self._hasher = wandb_hasher(algorithm)
        self._hasher.update(HEADER)

    def add(self, path: str, digest: str) -> None:
        """Take the next entry: its path, and its digest as W&B writes it."""
        self._hasher.update(f"{path}:{digest}\n".encode())

    def hexdigest(self) -> str:
        """Return the digest of all entries so far, in hexadecimal as W&B writes it."""
        return self._hasher.digest().hex()
