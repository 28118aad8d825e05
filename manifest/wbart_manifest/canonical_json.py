"""Canonical JSON: sorted keys, no spaces, UTF-8. Spelled out, since digests hang on its bytes."""

import json
from collections.abc import Mapping
from json.encoder import encode_basestring

_encoder = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
)


def encode(value: object) -> bytes:
    """Return value as canonical JSON. Raises ValueError or TypeError for what JSON cannot say."""
    return _encoder.encode(value).encode()


def encode_object(value: Mapping[str, object]) -> bytes:
    """Return an object as canonical JSON, the empty one as no bytes: the form entries carry."""
    return encode(dict(value)) if value else b""


def encode_text(text: str) -> bytes:
    """Return a string as JSON: quoted, only `"`, `\\` and control characters escaped."""
    return encode_basestring(text).encode()


def decode_object(raw: bytes) -> dict[str, object]:
    """Read what encode_object wrote. Raises ValueError unless raw is exactly in that form."""
    if raw == b"":
        return {}
    try:
        value = json.loads(raw)
        if isinstance(value, dict) and value and encode(value) == raw:
            return value
    except RecursionError as error:
        raise ValueError("JSON nested too deeply") from error
    raise ValueError("not a canonical JSON object")
