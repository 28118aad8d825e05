"""Keys of what is logged, made fit for paths and for names of artifacts: W&B's ways."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from zlib import crc32

_PATH_SIZE = 120
"""Bytes of a key in the name of a file, which may have 255."""
_NAME_SIZE = 128
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_\-.]+")


def in_paths(key: str) -> str:
    """The key as part of a path: it leads neither up nor to the root, and is not too long."""
    parts = key.lstrip("/").split("/")
    safe = "/".join(part.replace(".", "_") if part in (".", "..") else part for part in parts)
    if len(safe.encode()) <= _PATH_SIZE:
        return safe
    kept = safe.encode()[:_PATH_SIZE].decode(errors="ignore").rstrip("/")
    return f"{kept}-{_checksum(key)}"


def in_names(name: str) -> str:
    """The name without what names must not have; told apart from others by a few letters."""
    plain = _NOT_IN_NAMES.sub("", name)
    if plain == name and len(name) <= _NAME_SIZE:
        return name
    suffix = f"-{_checksum(name)}"
    return plain[: _NAME_SIZE - len(suffix)] + suffix


def _checksum(text: str) -> str:
    return urlsafe_b64encode(crc32(text.encode()).to_bytes(4)).rstrip(b"=").decode()
