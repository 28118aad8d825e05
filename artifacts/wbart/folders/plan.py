"""What a checkout would do to a folder."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Plan:
    """Paths to write and to remove, and how many files may stay as they are."""

    write: list[str] = field(default_factory=list)
    remove: list[str] = field(default_factory=list)
    keep: int = 0
    size: int = 0
    """Bytes to write."""
