"""A process that makes finished runs and merges them until it is killed. Argument: a folder."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

from wbart.recording.path import RunPath
from wbart.recording.writer import RunWriter
from wbart.runindex.segments import Home, merge
from wbart_storage.backends.local import LocalObjects
from wbart_storage.clock import SystemClock

HOME = Home("ent", "proj")


def main(folder: Path, name: str) -> None:
    objects, clock = LocalObjects(folder), SystemClock()
    for number in count():
        run = f"{name}-{number:05d}"
        writer = RunWriter(objects, RunPath(*HOME, run), "ada", clock)
        writer.start({"number": number, "state": "running"}, fresh=True)
        writer.finish({"state": "finished"})
        sys.stdout.write(f"{run}\n")
        sys.stdout.flush()
        if number % 3 == 2:
            merge(objects, HOME, clock, "ada", least=1, most=20, quiet=-1e9)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
