"""References: entries whose bytes stay where they are (programming model, section 8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from wbart.errors import ArgumentInvalid
from wbart.references.scrub import scrub, storable
from wbart_manifest.canonical_json import decode_object, encode_object
from wbart_manifest.entry import Entry, Reference
from wbart_manifest.location import REFERENCE, Location
from wbart_manifest.path import canonical

MAX_OBJECTS: Final = 10_000_000
ARTIFACT_SCHEME: Final = "wandb-artifact"
FILE_SCHEME: Final = "file"


def reference(path: str, uri: str, digest: str, size: int | None, extra: object = None) -> Entry:
    """The entry of a reference, its URI without credentials."""
    packed = encode_object(extra) if isinstance(extra, dict) and extra else b""
    return Entry(path, size, b"", Reference(storable(uri), digest, packed), Location(REFERENCE))


def scheme_of(uri: object) -> str:
    """The scheme of a URI. Raises for what is none, as W&B words it."""
    if not isinstance(uri, str):
        raise TypeError(f"a reference is a URI or an entry, not {type(uri).__name__}")
    try:
        scheme = urlsplit(uri).scheme
    except ValueError as error:
        raise ArgumentInvalid(f"not a URI: {scrub(uri)!r}: {error}") from error
    if not scheme:
        raise ArgumentInvalid(
            f"References must be URIs. To reference a local file, use file://: {scrub(uri)!r}"
        )
    return scheme


def is_unverified(of: Reference) -> bool:
    """Whether its digest speaks of the URI alone, and not of the bytes."""
    extra = decode_object(of.extra) if of.extra else {}
    return bool(extra.get("unverified") or extra.get("folder")) or of.digest == of.uri


def unknown(uri: str, name: str | None, warn: Callable[[str], None]) -> Entry:
    """The entry of a URI that nothing is known of: it is kept as it is."""
    shown = scrub(uri)
    if not name:
        raise ArgumentInvalid(
            f"You must pass name when adding a reference with an unknown scheme: {shown!r}"
        )
    warn(f"nothing can be checked or downloaded by this URI, it is only kept: {shown}")
    return reference(canonical(name), uri, shown, None)
