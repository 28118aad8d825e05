"""How the process of a command handles its memory: it lives for seconds, and moves gigabytes."""

from __future__ import annotations

import ctypes
import gc
import sys

_COLLECT_AFTER = 1_000_000, 50, 100
"""Objects until Python looks for cycles. Each file is some, for a moment, and none has a cycle: by
default a sixth of the time of a large `get` is spent with that."""
_TRIM, _MAP = -1, -3
"""M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of mallopt(3)."""
_KEPT = 512 << 20
_MAPPED = 32 << 20
"""The most that glibc takes."""


def settle() -> None:
    """Make it cheap to take and to free much, for as long as the process lives."""
    gc.set_threshold(*_COLLECT_AFTER)
    if sys.platform == "linux":
        _keep_freed()


def _keep_freed() -> None:
    """Let glibc use the pages of one buffer for the next.

    By default it gives them back to the kernel, which clears each page anew: a tenth of the time
    of a large `get`. Other C libraries have no such call.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_TRIM, _KEPT)
        mallopt(_MAP, _MAPPED)
