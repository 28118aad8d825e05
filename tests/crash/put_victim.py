"""A process that forks uploaders and lets each be killed at another point. Run by the tests.

Arguments: a folder, and how many points. Each uploader works in `<folder>/<point>`, puts the
files of `<folder>/source` and dies of SIGKILL before that call of it that changes a disk. The
first is not killed, but counts the calls.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

from wbart.artifact import Artifact
from wbart.recording.surroundings import enter, leave
from wbart.settings.settings import Settings
from wbart.workspace import Workspace
from wbart_storage.backends.local import LocalObjects
from wbart_storage.clock import FixedClock, SystemClock
from wbart_storage.config import PackParameters, StoreConfig, create_config
from wbart_storage.store import open_store

SMALL = 2000
LARGE = 4
CALLS = ("write", "fsync", "rename", "replace", "link", "unlink", "mkdir", "utime", "chmod")
AHEAD = 1000.0
"""Seconds that the clock is ahead, so that all files are old."""


def source(folder: Path) -> Path:
    """Make the files that are put: small ones for several packs, and large ones."""
    root, chance = folder / "source", random.Random(7)
    for number in range(SMALL):
        path = root / f"d{number % 10}" / f"f{number:05}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(chance.randbytes(50 + number % 300))
    for number in range(LARGE):
        (root / f"large{number}").write_bytes(chance.randbytes((1 << 20) + number))
    return root


def workspace(place: Path) -> Workspace:
    """The workspace of one victim; its store has small packs."""
    objects = LocalObjects(place / "store")
    if not (place / "store" / "wbart.json").exists():
        create_config(objects, StoreConfig(pack=PackParameters(target=65_536)))
    settings = Settings.load(
        {"store": str(place / "store"), "cache_dir": str(place / "cache")}, {}, place
    )
    clock = FixedClock(SystemClock().now() + AHEAD)
    return Workspace(
        settings,
        open_store(settings.store, cache=settings.cache_dir, tool="victim", clock=clock),
    )


def put(place: Path, root: Path) -> Artifact:
    """Put the files as a version, as users do."""
    at = workspace(place)
    enter(at)
    try:
        artifact = Artifact("data", "dataset")
        artifact.add_dir(str(root))
        artifact._save(at, at.entity, at.project, aliases=["latest"])
    finally:
        leave(at)
    return artifact


class Tick:
    """Ends this process before the call of that number; None: it only counts."""

    def __init__(self, point: int | None) -> None:
        self.count = 0
        self._point = point
        self._lock = Lock()

    def arm(self) -> None:
        """Tick at each of the system calls."""
        for name in CALLS:
            setattr(os, name, self._ticking(getattr(os, name)))

    def _ticking(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def ticking(*arguments: Any, **named: Any) -> Any:
            with self._lock:
                if self.count == self._point:
                    os.kill(os.getpid(), signal.SIGKILL)
                self.count += 1
            return call(*arguments, **named)

        return ticking


def victim(folder: Path, point: int | None) -> int:
    """Fork an uploader; its exit status."""
    place = folder / ("counted" if point is None else f"{point}")
    place.mkdir()
    workspace(place)
    child = os.fork()
    if child == 0:
        tick = Tick(point)
        tick.arm()
        put(place, folder / "source")
        with (place / "count").open("w") as file:
            file.write(str(tick.count))
        os._exit(0)
    return os.waitpid(child, 0)[1]


def main(folder: Path, points: int) -> None:
    """Count the calls, then kill at points that are spread over them."""
    source(folder)
    if victim(folder, None) != 0:
        sys.exit("the uploader that is not killed failed")
    count = int((folder / "counted" / "count").read_text())
    shutil.rmtree(folder / "counted")
    chance = random.Random(5)
    last = range(max(0, count - points // 2), count)
    spread = {*last, *(chance.randrange(count) for _ in range(points // 2))}
    for point in sorted(spread):
        status = victim(folder, point)
        if status not in (0, signal.SIGKILL):  # threads make the count vary a little
            sys.exit(f"victim {point} of {count} ended with status {status}")


if __name__ == "__main__":
    if sys.argv[1] == "once":
        put(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        main(Path(sys.argv[1]), int(sys.argv[2]))
