"""Permissions that hold for root, too: whoever tests them may be nobody else in CI."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager

_HEADER = struct.pack("Ii", 0x20080522, 0)  # linux/capability.h: version 3, this thread
_OVERRIDES = 1 << 1 | 1 << 2
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH."""


@contextmanager
def ordinary() -> Iterator[None]:
    """Have this thread, and what it forks, bound by the modes of files. Not what is executed."""
    if os.geteuid() != 0:
        yield
        return
    before = _capabilities()
    _set(struct.pack("6I", before[0] & ~_OVERRIDES, *before[1:]))
    try:
        yield
    finally:
        _set(struct.pack("6I", *before))


def _capabilities() -> tuple[int, ...]:
    found = ctypes.create_string_buffer(24)
    if ctypes.CDLL(None, use_errno=True).capget(_HEADER, found) != 0:
        raise OSError(ctypes.get_errno(), "capget")
    return struct.unpack("6I", found.raw)


def _set(data: bytes) -> None:
    if ctypes.CDLL(None, use_errno=True).capset(_HEADER, data) != 0:
        raise OSError(ctypes.get_errno(), "capset")
