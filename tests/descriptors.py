"""What this process has open, so that a test can tell what it left open."""

from __future__ import annotations

import os
from contextlib import suppress


def opened() -> set[tuple[str, str]]:
    """Each descriptor and what it leads to.

    Compare with `<=`: what earlier tests left to the garbage collector may be closed meanwhile.
    """
    found = set[tuple[str, str]]()
    for number in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # the folder that was just listed
            found.add((number, os.readlink(f"/proc/self/fd/{number}")))
    return found
