"""`python -m tests.bench runlog`: what logging costs a training loop, and reading it back.

One process logs a million steps of three metrics and prints, against the targets: the median of
a call, the peak of its memory, and how long a sample of the history takes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from array import array
from pathlib import Path

import wbart

MOST_MICROSECONDS = 20.0
MOST_MEGABYTES = 100


def main(argv: list[str]) -> int:
    """Measure and print; 1 when a target of the full size is missed."""
    options = argparse.ArgumentParser(prog="python -m tests.bench runlog", description=__doc__)
    options.add_argument("--steps", type=int, default=1_000_000)
    steps = options.parse_args(argv).steps
    with tempfile.TemporaryDirectory(prefix="wbart-bench-") as folder:
        return measure(Path(folder) / "store", steps)


def measure(store: Path, steps: int) -> int:
    """Log, read, and print a line each."""
    run = wbart.init(project="bench", store=store)
    calls = array("d")
    for step in range(steps):
        before = time.perf_counter()
        run.log({"loss": 1 / (step + 1), "accuracy": step * 0.1, "rate": 0.1})
        calls.append(time.perf_counter() - before)
    megabytes = peak()
    timed("finish", run.finish)
    in_order = sorted(calls)
    median, late = (in_order[int(steps * share)] * 1e6 for share in (0.5, 0.99))
    print(f"{steps:,} steps: a call takes {median:.1f} us (target {MOST_MICROSECONDS:.0f})")
    print(f"99 % of calls take at most {late:.1f} us")
    print(f"peak memory: {megabytes} MB (target {MOST_MEGABYTES})")
    found = wbart.Api(store=store).run(run.path)
    timed("history(samples=500)", lambda: found.history(pandas=False))
    timed("history(keys=…)", lambda: found.history(keys=["loss"], pandas=False))
    timed("scan_history()", lambda: sum(1 for _ in found.scan_history()))
    return int(median > MOST_MICROSECONDS or megabytes > MOST_MEGABYTES)


def timed(what: str, work: object) -> None:
    """Do it and print how long it took."""
    before = time.perf_counter()
    assert callable(work)
    work()
    print(f"{what}: {time.perf_counter() - before:.2f} s")


def peak() -> int:
    """The peak of this process's own resident memory in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1000 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
