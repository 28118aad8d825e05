"""A fresh disk to measure on.

Making and deleting 100,000 files on a used file system measures what the kernel remembers
of the deleted ones, most of all on ext4 without a journal. So each round gets a new
journaled ext4 on a loop device, where root may mount one.
"""

import logging
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)

TOOLS = ("losetup", "mkfs.ext4", "mount", "umount")


@dataclass(frozen=True, slots=True)
class Disk:
    """A folder to work in, and what it lies on, in words for the report."""

    root: Path
    kind: str


@contextmanager
def fresh(size: int, base: Path, plain: bool = False, keep: bool = False) -> Iterator[Disk]:
    """Give an empty disk of `size` bytes, its backing file below base; undone on leaving.

    With plain, without root or without the tools, it is a folder. With keep, all stays as it is.
    """
    with ExitStack() as undo:
        place = Path(tempfile.mkdtemp(prefix="wbart-bench-", dir=base))
        undo.callback(shutil.rmtree, place)
        disk = (None if plain else _loop(place, size, undo)) or Disk(
            place, f"a plain folder below {base}"
        )
        try:
            yield disk
        finally:
            if keep:
                undo.pop_all()
                log.warning("kept %s (%s)", disk.root, disk.kind)


def settle(root: Path) -> None:
    """Wait until the file system that holds root has written everything it holds back."""
    subprocess.run(["sync", "-f", str(root)], check=True)


def _loop(place: Path, size: int, undo: ExitStack) -> Disk | None:
    if os.geteuid() != 0 or not all(map(shutil.which, TOOLS)):
        return None
    image, root = place / "disk.img", place / "disk"
    root.mkdir()
    with image.open("wb") as file:
        file.truncate(size)
    try:
        with ExitStack() as steps:
            device = _attach(image)
            steps.callback(_call, "losetup", "--detach", device)
            _call("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", device)
            _call("mount", "-t", "ext4", device, str(root))
            steps.callback(_call, "umount", str(root))
            undo.push(steps.pop_all())
    except subprocess.CalledProcessError as error:
        log.warning("no loop device here: %s", error.stderr.strip())
        image.unlink(missing_ok=True)
        return None
    return Disk(root, f"a fresh journaled ext4 on {device}")


def _attach(image: Path) -> str:
    try:
        return _call("losetup", "--find", "--show", "--direct-io=on", str(image))
    except subprocess.CalledProcessError:
        return _call("losetup", "--find", "--show", str(image))


def _call(*argv: str) -> str:
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    return done.stdout.strip()
