"""Taking credentials out of URIs before anything is stored, logged, or put into a message."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from wbart_storage.services.kinds import BUCKETS

_SECRET = re.compile(
    r"(?i)^((.*[-_.])?(access|account|api|auth|bearer|client|csrf|id|private|refresh|sas|secret"
    r"|security|session|subscription)?(signature|token|hmac|jwt|secret|password|passwd|pwd|pass"
    r"|key|credentials?)_*|(.*[-_.])?auth|authorization|sig|skoid|sktid|policy|key-pair-id"
    r"|x-(amz|goog)-.*|x-oss-(?!process$).*|q-(ak|sign-.*|key-time|header-list|url-param-list)"
    r"|hdn(ts|ea|tl)|jsessionid|(aws|oss|google)?access[-_]?(key[-_]?)?id)$"
)
_HARMLESS = re.compile(
    r"(?i)^((page|next|next[-_]?page|continuation|sync|resume)[-_]token"
    r"|(s3|gcs|blob|object|file|item|row|record|asset|image|media|data|dataset|project|issue|group"
    r"|cache|sort|order|partition|primary|foreign|public)[-_]key)$"
)
"""What goes on with a list, and what names the object itself."""
_WITH_SIGNATURE = re.compile(r"(?i)^(se|sp|sv|st|sr|ss|srt|sip|spr|ske|sks|skt|skv|expires)$")
"""Harmless alone, and worth nothing without the signature that goes with them."""
_SIGNATURE = re.compile(r"(?i)^(sig|([a-z]+-)*signature)$")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PARAMETER = re.compile(r";([^;=/]*)=[^;/]*")
_FRONT = re.compile(r"(?is)^([^?#@]*?://|[a-z][a-z0-9+.-]*:(?!/)|.*?://)")
_HOST = re.compile(r"^(\[[^\]]*\]|[^:]*)(:[0-9]*)?$")
_ARN = "arn:"
"""So begins a bucket of S3 that is named with colons."""
_LAKES = ("abfs", "abfss", "wasb", "wasbs")
"""Before the @ these have the container, which is no user."""


def scrub(uri: str) -> str:
    """The URI without user, password, and signed or secret parameters. Never raises."""
    front, hash_, fragment = _without_user(uri).partition("#")
    front, mark, query = front.partition("?")
    front = _PARAMETER.sub(lambda found: "" if _is_secret(found[1]) else found[0], front)
    mark = mark if not query or (query := _without_secrets(query)) else ""
    if hash_ and "=" in fragment:
        fragment = _without_secrets(fragment)
        hash_ = "#" if fragment else ""
    return "".join((front, mark, query, hash_, fragment))


def scheme_in(uri: str) -> str:
    """The scheme of a URI that somebody stored, whatever else is wrong with it."""
    return uri.partition(":")[0].lower()


def storable(uri: str) -> str:
    """The URI as an entry keeps it: without credentials, and still of the very same object.

    A path of the disk has none; a key of a bucket may only look like it, and every letter counts.
    """
    scheme = scheme_in(uri)
    if scheme == "file":
        return uri
    return _without_user(uri) if scheme in BUCKETS else scrub(uri)


def _without_user(uri: str) -> str:
    found = _FRONT.match(uri)
    if found is None:
        return uri
    front, rest = found[0], uri[found.end() :]
    end = _user_end(rest, is_opaque=not front.endswith("//"))
    if front.lower().rpartition("://")[0] in _LAKES and ":" not in rest[:end]:
        return uri
    return front + rest[end:]


def _user_end(rest: str, *, is_opaque: bool) -> int:
    """How long the user is, with its @; passwords with a bare slash, mark or hash count whole."""
    netloc = re.split(r"[/?#]", rest, maxsplit=1)[0]
    end = netloc.rfind("@") + 1
    if is_opaque:
        return end if ":" in netloc[:end] else 0
    has_password = ":" in netloc[:end] if end else not _HOST.match(netloc)
    if has_password and end in (0, len(netloc)) and not rest.startswith(_ARN):
        return rest.find("@", end) + 1 or end
    return end


def _without_secrets(query: str) -> str:
    pairs = re.split(r"([&;?])", query)
    names = [unquote_plus(pair.partition("=")[0]) for pair in pairs[::2]]
    signed = any(_SIGNATURE.match(name) for name in names)
    kept, dropped = "", False
    for index, name in enumerate(names):
        if _is_secret(name) or (signed and _WITH_SIGNATURE.match(name)):
            dropped = True
            continue
        between = pairs[2 * index - 1] if kept else ""
        kept += between + pairs[2 * index]
    return kept if dropped else query


def _is_secret(name: str) -> bool:
    names = {unquote_plus(name), _HUMP.sub("_", unquote_plus(name))}
    return any(map(_SECRET.match, names)) and not any(map(_HARMLESS.match, names))
