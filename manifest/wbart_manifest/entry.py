"""Entries: one path of a manifest, and what is known of its content."""

import msgspec

from wbart_manifest import path
from wbart_manifest.canonical_json import decode_object, encode_text
from wbart_manifest.digest import check_raw
from wbart_manifest.errors import EntryInvalid, shown
from wbart_manifest.location import KINDS, PACKED, RECIPE, Location

MAX_SIZE = (1 << 63) - 1
"""Bytes of one file, and of all files of a manifest together."""
MAX_TEXT = 1 << 20
"""Bytes of canonical JSON that one entry's reference or extra may take."""


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


def check(entry: Entry, algorithm: str) -> Entry:
    """Return entry unchanged. Raises the ManifestError that says what no manifest can hold."""
    if not isinstance(entry, Entry):
        raise EntryInvalid(f"not an entry: {shown(repr(entry))}")
    reason = _content_fault(entry) or _location_fault(entry.location)
    if reason:
        raise EntryInvalid(f"entry {shown(path.check(entry.path))} has {reason}")
    if entry.reference is None:
        check_raw(entry.digest, algorithm)
    path.check(entry.path)
    return entry


def reference_row(reference: Reference) -> bytes:
    """Return a reference as one row of a leaf's reference table, canonical JSON."""
    uri, digest = encode_text(reference.uri), encode_text(reference.digest)
    return b"[%b,%b,%b]" % (uri, digest, reference.extra or b"{}")


def _content_fault(entry: Entry) -> str | None:
    if not isinstance(entry.wandb, bytes) or len(entry.wandb) not in (0, 16):
        return "a W&B digest that is not 16 bytes"
    if entry.size is None:
        if entry.reference is None:
            return "no size"
    elif not _is_count(entry.size, MAX_SIZE):
        return f"an impossible size: {shown(repr(entry.size))}"
    if entry.reference is None:
        return _extra_fault(entry.extra)
    return _reference_fault(entry, entry.reference)


def _reference_fault(entry: Entry, reference: Reference) -> str | None:
    if entry.digest or entry.extra:
        return "a reference, whose digest and extra belong into the reference"
    try:
        row = reference_row(reference)
    except (UnicodeEncodeError, TypeError, AttributeError):
        return "a reference that is not text"
    return "a reference that is too long" if len(row) > MAX_TEXT else _extra_fault(reference.extra)


def _extra_fault(extra: bytes) -> str | None:
    if not isinstance(extra, bytes) or len(extra) > MAX_TEXT:
        return "an extra that is too long"
    try:
        decode_object(extra)
    except ValueError:
        return "an extra that is not a canonical JSON object"
    return None


def _location_fault(location: Location | None) -> str | None:
    if location is None:
        return None
    if location.kind not in KINDS or not isinstance(location.object, bytes):
        return "a location of unknown kind"
    if len(location.object) != (32 if location.kind in (PACKED, RECIPE) else 0):
        return "a location whose object id has the wrong length"
    numbers = (location.offset, location.length)
    if all(_is_count(n, MAX_SIZE) for n in numbers) and _is_count(location.codec, 0xFF):
        return None if _is_count(location.epoch, 0xFFFFFFFF) else "an impossible epoch"
    return "an impossible location"


def _is_count(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most
