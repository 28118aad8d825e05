"""Free memory that is really there.

A virtual machine may hand free pages back to its host within seconds, and getting one back
costs ten times what writing it does (measured: 0.36 GB/s into the page cache against 5).
Whichever step ran first would pay for the next, so each step finds memory touched for it.
"""

import subprocess
import sys
from pathlib import Path

MEMINFO = Path("/proc/meminfo")
TOUCH = """
import mmap, sys
size = int(sys.argv[1])
memory = mmap.mmap(-1, size)
for start in range(0, size, mmap.PAGESIZE):
    memory[start] = 1
"""


def warm(size: int) -> int:
    """Touch `size` bytes of free memory, at most what is free by half, and free them again.

    Memory that holds cached files is left alone; it is warm as it is. Returns the bytes.
    """
    size = min(size, free() // 2)
    if size > 0:
        subprocess.run([sys.executable, "-c", TOUCH, str(size)], check=True)
    return size


def free() -> int:
    """The bytes that nothing uses, 0 where the kernel does not tell."""
    if not MEMINFO.exists():
        return 0
    for line in MEMINFO.read_text().splitlines():
        name, _, rest = line.partition(":")
        if name == "MemFree":
            return int(rest.split()[0]) * 1024
    return 0
