"""Paths of entries: canonical, relative, `/`-separated, sorted as UTF-8 bytes.

Python compares str by code point, which is the order of the UTF-8 bytes, so paths are kept as str.
"""

import os
import re
from collections.abc import Sequence
from pathlib import PurePath

from wbart_manifest.errors import PathInvalid

MAX_PATH = 4096
"""Bytes of UTF-8 in a path."""
MAX_COMPONENT = 255
"""Bytes of UTF-8 in one component: what file systems take."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_DRIVE = re.compile("(?:^|/)[A-Za-z]:")
_CONTROL_BYTES = bytes(range(1, 32)) + b"\x7f\\"
_CONTROL_UPPER = re.compile(b"\xc2[\x80-\x9f]")
_SLASHES = bytes.maketrans(b"\0", b"/")
_EMPTY_OR_DOTS = (b"//", b"/./", b"/../")


def check(path: str) -> str:
    """Return path unchanged. Raises PathInvalid unless it is canonical and safe to write below."""
    reason = _fault(path)
    if reason:
        raise PathInvalid(path, reason)
    return path


def canonical(path: str | PurePath) -> str:
    """Return the canonical form of a path: `./a//b/` is `a/b`. Raises PathInvalid if it has none.

    A PureWindowsPath's back-slashes are separators, and on Windows those of a str too.
    """
    text = path.as_posix() if isinstance(path, PurePath) else path
    if os.sep == "\\":
        text = text.replace("\\", "/")
    if text.startswith("/"):
        raise PathInvalid(str(path), "absolute")
    return check("/".join(part for part in text.split("/") if part not in ("", ".")))


def is_below(path: str, folder: str) -> bool:
    """Tell whether path lies below folder; everything lies below the empty folder."""
    return not folder or path.startswith(folder + "/")


def check_column(paths: Sequence[str]) -> bytes:
    """Check many paths at once and return them as UTF-8, joined by zero bytes.

    A screen at C speed passes nearly all; whatever looks odd goes through check.
    """
    try:
        joined = "\0".join(paths).encode()
    except UnicodeEncodeError:
        joined = b"\0\0"
    if paths and _suspect(joined, len(paths)):
        for path in paths:
            check(path)
    return joined


def _suspect(joined: bytes, count: int) -> bool:
    # With each path between slashes, an odd component is the same text wherever it stands.
    slashed = b"/%b/" % joined.translate(_SLASHES)
    return (
        joined.count(b"\0") != count - 1
        or len(joined.translate(None, _CONTROL_BYTES)) != len(joined)
        or any(pattern in slashed for pattern in _EMPTY_OR_DOTS)
        or b":" in joined
        or max(map(len, joined.split(b"\0"))) > MAX_COMPONENT
        or (not joined.isascii() and _CONTROL_UPPER.search(joined) is not None)
    )


def _fault(path: str) -> str | None:
    if not isinstance(path, str):
        return "not a str"
    try:
        raw = path.encode()
    except UnicodeEncodeError:
        return "not valid Unicode"
    if len(raw) > MAX_PATH:
        return f"longer than {MAX_PATH} bytes"
    if "\\" in path:
        return "a back-slash"
    if _CONTROL.search(path):
        return "a control character"
    if _DRIVE.search(path):
        return "a drive letter"
    return _component_fault(path, raw)


def _component_fault(path: str, raw: bytes) -> str | None:
    if not path:
        return "empty"
    if path.startswith("/"):
        return "absolute"
    parts = raw.split(b"/")
    if b"" in parts:
        return "an empty component"
    if b"." in parts or b".." in parts:
        return "a component that is '.' or '..'"
    if max(map(len, parts)) > MAX_COMPONENT:
        return f"a component longer than {MAX_COMPONENT} bytes"
    return None
