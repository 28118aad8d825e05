"""Waiting for what another process or thread does, with a limit."""

from __future__ import annotations

import time
from collections.abc import Callable

LIMIT = 60.0


def until(condition: Callable[[], object], limit: float = LIMIT) -> None:
    """Return as soon as the condition holds; fails when that takes longer, in seconds."""
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.01)
