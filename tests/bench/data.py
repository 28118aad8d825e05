"""The data the benchmark works on: the same bytes on every machine, made from a seed."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

KIB = 1024
MIB = 1024 * KIB
BLOCK = MIB
# A date long gone: a file changed within the last two seconds may not be remembered by its stat.
MTIME = 1_700_000_000


@dataclass(frozen=True, slots=True)
class Work:
    """A folder tree to make: how many files, how big, and how many of them change."""

    name: str
    files: int
    folders: int
    smallest: int
    largest: int
    changed: int

    def scaled(self, scale: float) -> "Work":
        """The same shape with `scale` times the bytes: fewer files, or a smaller one."""
        if self.files == 1:
            size = max(1, int(self.largest * scale))
            return Work(self.name, 1, 1, size, size, 1)
        files = max(100, int(self.files * scale))
        folders = max(1, int(self.folders * scale))
        return Work(self.name, files, folders, self.smallest, self.largest, max(1, files // 100))


W1 = Work("W1", 1, 1, 2048 * MIB, 2048 * MIB, 1)
W2 = Work("W2", 100_000, 1_000, KIB, 8 * KIB, 1_000)
W3 = Work("W3", 1_000, 10, MIB, MIB, 10)
WORKS = {work.name: work for work in (W1, W2, W3)}


def make(work: Work, root: Path) -> None:
    """Write the first version of the work into root, which must not exist."""
    root.mkdir(parents=True)
    for folder in range(work.folders):
        (root / _folder(folder)).mkdir()
    for index in range(work.files):
        _write(work, index, 0, root)


def change(work: Work, root: Path) -> None:
    """Turn the first version in root into the second: new bytes for `work.changed` files."""
    for index in changes(work):
        _write(work, index, 1, root)


def changes(work: Work) -> list[int]:
    """The files that differ between the two versions, spread at random over all folders."""
    return sorted(Random(f"{work.name}/changes").sample(range(work.files), work.changed))


def path_of(work: Work, index: int) -> str:
    """Where file number `index` lies below the root."""
    return f"{_folder(index * work.folders // work.files)}/part-{index:06d}.bin"


def _folder(number: int) -> str:
    return f"folder-{number:04d}"


def _write(work: Work, index: int, version: int, root: Path) -> None:
    path = root / path_of(work, index)
    with open(path, "wb", buffering=0) as file:
        for block in _content(work, index, version):
            file.write(block)
    os.utime(path, (MTIME + version, MTIME + version))


def _content(work: Work, index: int, version: int) -> Iterator[bytes]:
    random = Random(f"{work.name}/{index}/{version}")
    left = random.randint(work.smallest, work.largest)
    while left:
        block = random.randbytes(min(left, BLOCK))
        left -= len(block)
        yield block
