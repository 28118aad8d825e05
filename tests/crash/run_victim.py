"""A process that logs until it is killed. Arguments: a folder, and how it is to go on."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

from tests.artifacts.world import World


def main(folder: Path, how: str) -> None:
    run = World(folder).run(id="r", resume="allow")
    run.summary["by hand"] = "kept"
    for number in count():
        run.log({"n": number}, step=number if how == "steps" else None)
        if number % 100 == 0:
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
