"""W&B's digests, taken beside the store's own in the same pass over the bytes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from wbart.errors import ArgumentInvalid
from wbart_manifest.canonical_json import encode_object
from wbart_manifest.digest import Buffer
from wbart_manifest.wandb_digest import MD5, XXH128, to_text, wandb_hasher
from wbart_storage.staging.ingest import Second


@dataclass(frozen=True, slots=True)
class WandbDigests:
    """One of W&B's algorithms, and the form that its digests have in an entry."""

    algorithm: str
    second: Second
    extra: bytes
    """What W&B writes beside each digest of this algorithm, as canonical JSON."""

    def shown(self, raw: bytes) -> str:
        """A raw digest in W&B's base64."""
        return to_text(raw)


def wandb_digests(algorithm: str | None) -> WandbDigests | None:
    """The digests of a name that users give; None for the store's own alone."""
    if algorithm is None or algorithm == "":
        return None
    name = algorithm.upper()
    if name not in (MD5, XXH128):
        raise ArgumentInvalid(f"digest_algorithm is 'MD5' or 'XXH128', not {algorithm!r}")
    second = Second(name[:1].encode(), partial(_digest, name), partial(wandb_hasher, name))
    return WandbDigests(name, second, encode_object({"alg": XXH128}) if name == XXH128 else b"")


def _digest(algorithm: str, data: Buffer) -> bytes:
    state = wandb_hasher(algorithm)
    state.update(data)
    return state.digest()
