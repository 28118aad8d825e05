"""Globs over the paths of an artifact: `*` and `?` stay within a folder, `**` does not.

A pattern without `/` may match the last part alone, as in .gitignore, and a pattern that matches
a folder takes all below it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache


def matches(path: str, patterns: Sequence[str]) -> bool:
    """Whether any of the patterns takes the path."""
    return any(_compiled(pattern).search(path) for pattern in patterns)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    text = pattern.strip("/")
    start = "^" if "/" in text or pattern.startswith("/") else "(?:^|/)"
    return re.compile(f"{start}{_translate(text)}(?:/|$)", re.DOTALL)


def _translate(text: str) -> str:
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[!?[^\]]+\])", text)
    return "".join(_PARTS.get(part) or _set_or_text(part) for part in parts)


_PARTS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def _set_or_text(part: str) -> str:
    if part.startswith("[") and part.endswith("]") and len(part) > 2:
        inner = part[1:-1].replace("\\", "\\\\").replace("[", r"\[")
        return f"[^{inner[1:]}/]" if inner.startswith("!") else f"[{inner}]"
    return re.escape(part)
