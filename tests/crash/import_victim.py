"""A process that imports runs until it is killed. Argument: a folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from tests.artifacts.world import World

from wbart.apis.importers import ImportedArtifact, ImportedRun, ImportReport, import_runs
from wbart.artifact import Artifact
from wbart.workspace import Workspace

COUNT = 60
ROWS = 50


def run(number: int, folder: Path) -> ImportedRun:
    """A run with rows, a file and a version of its own."""
    log = folder / f"log{number}"
    log.write_text(f"run {number}")

    def draft() -> Artifact:
        artifact = Artifact("net", "model")
        with artifact.new_file("w.bin") as file:
            file.write(f"{number}" * 100)
        return artifact

    return ImportedRun(
        id=f"r{number}",
        source="fake://runs",
        fingerprint="1",
        lane="net",
        started=1_600_000_000.0 + number,
        ended=1_600_000_060.0 + number,
        rows=lambda: [{"_step": step, "n": number} for step in range(ROWS)],
        files=lambda: [("log", log)],
        artifacts=lambda: [ImportedArtifact(draft, aliases=(f"of-{number}",))],
    )


def taken(folder: Path) -> ImportReport:
    """Import all runs, saying so when each begins."""

    def runs() -> Iterator[ImportedRun]:
        for number in range(COUNT):
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()
            yield run(number, folder)

    return import_runs(Workspace.open(World(folder).settings), runs(), max_workers=3)


if __name__ == "__main__":
    taken(Path(sys.argv[1]))
