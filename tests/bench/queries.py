"""`python -m tests.bench queries`: a hundred thousand runs, and how soon questions are answered."""

from __future__ import annotations

import argparse
import gc
import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from tests.bench import runs as made

from wbart.query import parse, parse_order
from wbart.recording.writer import RunWriter
from wbart.runindex.fields import SCHEMA
from wbart.runindex.index import NAME, Index
from wbart.runindex.merges import journal
from wbart.runindex.segments import Home
from wbart.settings.settings import Settings
from wbart.workspace import Workspace
from wbart_storage.objects import ObjectStore

HOME = Home("ent", "proj")
CLAUSES = parse(
    {
        "config.model": {"$in": ["vit-base", "vit-large"]},
        "summary_metrics.loss": {"$lt": 0.2},
        "state": "finished",
    },
    SCHEMA,
)
BEST = parse_order("-summary_metrics.accuracy", SCHEMA)


class Took(NamedTuple):
    """Wall time and this process's processor time, in seconds."""

    wall: float
    cpu: float


class Line(NamedTuple):
    """What was measured, and at most how much it may be."""

    what: str
    took: Took
    target: float | None = None


def main(argv: list[str]) -> int:
    """Make the store, measure, and print the lines."""
    options = argparse.ArgumentParser(prog="python -m tests.bench queries", description=__doc__)
    options.add_argument("--runs", type=int, default=100_000)
    options.add_argument("--live", type=int, default=150, help="finished, but not merged yet")
    options.add_argument("--at", type=Path, default=Path(tempfile.gettempdir()))
    chosen = options.parse_args(argv)
    with tempfile.TemporaryDirectory(dir=chosen.at) as folder:
        lines = measure(Path(folder), chosen.runs, chosen.live)
        size = sum(path.stat().st_size for path in Path(folder).rglob(f"{NAME}*"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT
    print(
        f"{chosen.runs} runs, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
        f"Python {platform.python_version()}"
    )
    for line in lines:
        print(render(line, judged=chosen.runs >= 100_000))
    print(f"{'database':44} {size / 1e6:8.1f} MB")
    print(f"{'peak memory, the making of the store included':44} {peak / (1 << 20):8.1f} MiB")
    return 0


_UNIT = 1 if sys.platform == "darwin" else 1024


def render(line: Line, judged: bool) -> str:
    """A line of the table."""
    text = f"{line.what:44} {line.took.wall * 1000:8.1f} ms ({line.took.cpu * 1000:.1f} cpu)"
    if line.target is None or not judged:
        return text
    met = "met" if line.took.wall <= line.target else "NOT MET"
    return f"{text}   at most {line.target * 1000:.0f}: {met}"


def measure(folder: Path, count: int, live: int) -> list[Line]:
    """All steps, once; what is short is the median of several."""
    settings = Settings(
        store=str(folder / "store"), cache_dir=folder / "cache", data_dir=folder / "data"
    )
    workspace = Workspace.open(settings)
    objects = workspace.store.objects
    made.fill(objects, HOME, count)
    made.live(objects, HOME, count, count + live)
    cold = Workspace.open(settings)
    gc.collect()
    index = Index.open(cold)
    lines = [Line("first sync", _took(lambda: index.sync(*HOME)), 5.0)]
    lines.append(Line("sync with nothing new", _median(lambda: index.sync(*HOME))))
    lines += _questions(index)
    lines += _fresh(index, objects, workspace)
    reopened = Workspace.open(settings)
    other = Index.open(reopened)
    lines.append(Line("sync of another process", _took(lambda: other.sync(*HOME))))
    other.close()
    index.close()
    assert journal(objects, *HOME).exists()
    return lines


def _questions(index: Index) -> list[Line]:
    def ask() -> None:
        assert index.runs(*HOME, CLAUSES, BEST, 50)

    scan = parse({"config.option_3": 7, "summary.metric_2": {"$gt": 0.5}, "tags": "x"}, SCHEMA)
    users = f"{7:032x}"
    return [
        Line("three clauses, order, limit 50", _median(ask), 0.3),
        Line("the same, counted", _median(lambda: index.count(*HOME, CLAUSES)), 0.3),
        Line("three clauses of which none is quick", _median(lambda: index.count(*HOME, scan))),
        Line("oldest 50", _median(lambda: index.runs(*HOME, limit=50))),
        Line("who used a version", _median(lambda: index.users_of(users))),
    ]


def _fresh(index: Index, objects: ObjectStore, workspace: Workspace) -> list[Line]:
    """A run begins; the next query shows it."""
    path = replace(made.record(HOME, 0).path, id="fresh")
    RunWriter(objects, path, "ada", workspace.store.clock).start({"state": "running"}, fresh=True)
    only = parse({"name": "fresh"}, SCHEMA)

    def ask() -> None:
        index.sync(*HOME)
        assert [row.path for row in index.runs(*HOME, only)] == [path]

    return [Line("a fresh run, sync and query", _took(ask), 0.3)]


def _took(work: Callable[[], object]) -> Took:
    start, cpu = time.perf_counter(), time.process_time()
    work()
    return Took(time.perf_counter() - start, time.process_time() - cpu)


def _median(work: Callable[[], object]) -> Took:
    return sorted(_took(work) for _ in range(5))[2]
