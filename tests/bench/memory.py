"""Free memory that is really there.

A virtual machine may hand free pages back to its host within seconds, and getting one back
costs ten times what writing it does (measured: 0.4 GB/s into the page cache against 6).
Whichever step ran first would pay for the next, so each step finds memory used just before.
"""

import time
from pathlib import Path

from tests.bench.data import MIB

MEMINFO = Path("/proc/meminfo")
PASSES = 4
FASTER = 0.7


def warm(root: Path, size: int) -> int:
    """Use `size` bytes of free memory, at most half of it, and free them; return the bytes.

    It writes a file below root and deletes it, again while that still gets faster: the kernel
    finds those pages for the next file. Pages that a process has touched it finds less surely.
    """
    size = min(size, free() // 2)
    before = float("inf")
    for _ in range(PASSES):
        seconds = _fill(root / "warm.bin", size)
        if seconds > FASTER * before:
            break
        before = seconds
    return size


def _fill(path: Path, size: int) -> float:
    block = bytes(MIB)
    start = time.perf_counter()
    try:
        with path.open("wb", buffering=0) as file:
            for _ in range(size // MIB):
                file.write(block)
    finally:
        path.unlink()
    return time.perf_counter() - start


def free() -> int:
    """The bytes that nothing uses, 0 where the kernel does not tell."""
    if not MEMINFO.exists():
        return 0
    for line in MEMINFO.read_text().splitlines():
        name, _, rest = line.partition(":")
        if name == "MemFree":
            return int(rest.split()[0]) * 1024
    return 0
