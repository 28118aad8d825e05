"""Entries: one path of a manifest, and what is known of its content."""

import msgspec

from wbart_manifest.location import Location


class Reference(msgspec.Struct, frozen=True, gc=False):
    """Content that stays where it is: its address, and what was seen of it there."""

    uri: str
    digest: str
    """As W&B writes it: an ETag, a base64 MD5, or the URI itself."""
    extra: bytes = b""
    """W&B's `extra` as canonical JSON, empty when there is none."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One path of a manifest: a file of the store, or a reference.

    A plain value: a manifest checks its entries when it takes them in, not here, since there
    may be millions.
    """

    path: str
    size: int | None
    """Bytes of content; None only for a reference whose size is not known."""
    digest: bytes
    """Raw digest of the content under the store's algorithm; empty for a reference."""
    reference: Reference | None = None
    location: Location | None = None
    """Physical: not part of the content, and covered by no digest."""
    wandb: bytes = b""
    """Raw 16-byte MD5 or XXH128 when the artifact has W&B digests."""
    extra: bytes = b""
    """W&B's `extra` of a file as canonical JSON, empty when there is none."""


def same_content(a: Entry, b: Entry) -> bool:
    """Tell whether two entries say the same, wherever their bytes lie."""
    return (
        a.path == b.path
        and a.digest == b.digest
        and a.size == b.size
        and a.reference == b.reference
        and a.wandb == b.wandb
        and a.extra == b.extra
    )
