"""A process that forks committers and lets each be killed at a later point. Run by the tests.

Arguments: a folder, a scene, and whether points are calls to the store or to the system. The
k-th committer has the store `<folder>/<k>` and dies of SIGKILL before its k-th call. The first
that gets through is the last. Each one's intent has the txid `txid_of(k)`.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.storage.numbering import new_intent, new_journal, outpaced, write_letter

from wbart_storage.backends.local import LocalObjects
from wbart_storage.journal.record import Intent
from wbart_storage.objects import ObjectStat, ObjectStore

RECORDS = {"first": 0, "checkpoint": 31, "contended": 1}
"""How many records each scene starts with."""
RIVALS = {"first": 0, "checkpoint": 0, "contended": 2}
"""How many slots others take right before the victim can."""
SYSTEM_CALLS = ("open", "write", "fsync", "close", "link", "unlink", "replace", "mkdir")

Tick = Callable[[], None]


def txid_of(point: int) -> str:
    return f"{point:032x}"


class Mortal:
    """A store before each call of which a tick is made."""

    def __init__(self, inner: ObjectStore, tick: Tick) -> None:
        self.inner = inner
        self.tick = tick

    def create(self, key: str, data: bytes) -> None:
        self.tick()
        self.inner.create(key, data)

    def put(self, key: str, source: bytes | Path) -> None:
        self.tick()
        self.inner.put(key, source)

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        self.tick()
        return self.inner.get(key, start, end)

    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        self.tick()
        return self.inner.list(prefix, delimiter)

    def delete(self, keys: Iterable[str]) -> None:
        self.tick()
        self.inner.delete(keys)

    def stat(self, key: str) -> ObjectStat:
        self.tick()
        return self.inner.stat(key)


def killer(point: int) -> Tick:
    """Ends this process at the tick of that number."""

    def tick() -> None:
        nonlocal point
        if point == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        point -= 1

    return tick


def arm_system(tick: Tick) -> None:
    """Make a tick before each of the system calls that a local store makes."""
    for name in SYSTEM_CALLS:
        setattr(os, name, _ticking(getattr(os, name), tick))


def _ticking(call: Callable[..., Any], tick: Tick) -> Callable[..., Any]:
    def ticking(*arguments: Any, **named: Any) -> Any:
        tick()
        return call(*arguments, **named)

    return ticking


def set_scene(root: Path, scene: str) -> None:
    """Make the store as a victim finds it."""
    root.mkdir()
    chance = random.Random(scene)
    store = LocalObjects(root)
    for _ in range(RECORDS[scene]):
        new_journal(store).commit(new_intent(chance))
    if scene == "contended":
        write_letter(store, new_intent(chance))


def commit(root: Path, scene: str, level: str, point: int) -> None:
    """Commit under the threat of death."""
    inner = LocalObjects(root)
    tick = killer(point)
    mortal = Mortal(inner, tick if level == "store" else lambda: None)
    journal = new_journal(outpaced(inner, RIVALS[scene], through=mortal))
    if level == "system":
        arm_system(tick)
    journal.commit(Intent(txid=txid_of(point), actor="victim", ts=1.0, ops=({"op": "take"},)))


def main(folder: str, scene: str, level: str) -> None:
    """Fork one victim after the other until one survives; only SIGKILL counts as death."""
    point, status = 0, -1
    stage = Path(folder, "scene")
    set_scene(stage, scene)
    while status != 0:
        root = shutil.copytree(stage, Path(folder, str(point)))
        child = os.fork()
        if child == 0:
            commit(root, scene, level, point)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status not in (0, signal.SIGKILL):
            sys.exit(f"victim {point} ended with status {status}")
        point += 1
    shutil.rmtree(stage)


if __name__ == "__main__":
    main(*sys.argv[1:])
