"""Taking credentials out of URIs before anything is stored, logged, or put into a message."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

_SECRET = re.compile(
    r"(?i)^(x-amz-.*|x-goog-.*|sig|skoid|sktid|signature|awsaccesskeyid|googleaccessid"
    r"|(x-)?(access|auth|id|refresh|security|session|sas|bearer|private|csrf)?[_-]?token"
    r"|(x-)?(api|access|account|auth|secret|private|subscription)[_-]?(key|secret)"
    r"|(client[_-]?)?secret|key-pair-id|policy|password|passwd|pwd|auth|authorization|credentials?)$"
)
_WITH_SIGNATURE = re.compile(r"(?i)^(se|sp|sv|st|sr|ss|srt|sip|spr|ske|sks|skt|skv|expires)$")
"""Harmless alone, and worth nothing without the signature that goes with them."""
_SIGNATURE = re.compile(r"(?i)^(sig|signature|x-(amz|goog)-signature)$")
_LAKES = ("abfs", "abfss", "wasb", "wasbs")
"""Before the @ these have the container, which is no user."""


def scrub(uri: str) -> str:
    """The URI without user, password, and signed or secret query parameters. Never raises."""
    front, hash_, fragment = uri.partition("#")
    front, mark, query = front.partition("?")
    query = _without_secrets(query)
    if hash_ and "=" in fragment:
        fragment = _without_secrets(fragment)
        hash_ = "#" if fragment else ""
    return "".join((_without_user(front), mark if query else "", query, hash_, fragment))


def _without_user(front: str) -> str:
    scheme, separator, rest = front.partition("://")
    netloc, slash, path = rest.partition("/")
    user, at, host = netloc.rpartition("@")
    if not separator or not at or (scheme.lower() in _LAKES and ":" not in user):
        return front
    return "".join((scheme, separator, host, slash, path))


def _without_secrets(query: str) -> str:
    pairs = re.split(r"([&;])", query)
    names = [unquote_plus(pair.partition("=")[0]) for pair in pairs[::2]]
    signed = any(_SIGNATURE.match(name) for name in names)
    kept = ""
    for index, name in enumerate(names):
        if _SECRET.match(name) or (signed and _WITH_SIGNATURE.match(name)):
            continue
        between = pairs[2 * index - 1] if kept else ""
        kept += between + pairs[2 * index]
    return kept
