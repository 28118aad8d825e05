"""What long work tells of itself while it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec


class Event(msgspec.Struct, frozen=True):
    """How far a piece of work has come: files and bytes so far, and of how many if known.

    When runs are imported, `files` are runs.
    """

    kind: Literal["scan", "hash", "upload", "download", "verify", "commit", "import"]
    files: int
    size: int
    total_files: int | None = None
    total_size: int | None = None


Progress = Callable[[Event], None]
"""Called now and then, from any thread; it must not raise and should return at once."""


def silent(event: Event) -> None:
    """The progress that nobody watches."""
