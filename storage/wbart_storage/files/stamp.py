"""How a file looks from outside: what changes whenever its bytes do, and when that may hide."""

from __future__ import annotations

import os
import struct

_STAMP = struct.Struct("<QQQQQ")
_RACY_NS = 2_000_000_000
NEVER = bytes(_STAMP.size)
"""The stamp of no file: whatever is remembered with it is read again."""


def stamp(status: os.stat_result) -> bytes:
    """The bytes that change whenever the file does: device, inode, size and both times in ns."""
    return _STAMP.pack(
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns & 0xFFFFFFFFFFFFFFFF,
        status.st_ctime_ns & 0xFFFFFFFFFFFFFFFF,
    )


def changed(status: os.stat_result) -> int:
    """When the file changed last, in nanoseconds since the epoch."""
    return max(status.st_mtime_ns, status.st_ctime_ns)


def look(status: os.stat_result) -> tuple[bytes, int]:
    """A file's stamp, and when it changed last."""
    return stamp(status), changed(status)


def racy(changed_ns: int, now_ns: int) -> bool:
    """Whether a further change could still hide behind a stamp that was taken at now_ns."""
    return now_ns - changed_ns < _RACY_NS
