"""`python -m tests.bench local`: wbart against what the operating system does on this disk.

`quick` is the same at a hundredth of the size: it shows that the steps run, and its figures
mean nothing. `remote` is about buckets, `runlog` about the history of runs; both have options of
their own: see `remote --help`.
"""

import argparse
import logging
import os
import platform
import signal
import sys
import tempfile
from pathlib import Path

from tests.bench.data import WORKS
from tests.bench.measure import CommandFailed
from tests.bench.rounds import Plan, run
from tests.bench.steps import STEPS
from tests.bench.table import render


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark and print its table; 1 when a command of it fails."""
    argv = sys.argv[1:] if argv is None else argv
    if argv[:1] == ["remote"]:
        from tests.bench import remote

        return remote.main(argv[1:])
    if argv[:1] == ["runlog"]:
        from tests.bench import runlog

        return runlog.main(argv[1:])
    if argv[:1] == ["queries"]:
        from tests.bench import queries

        return queries.main(argv[1:])
    options = parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    # A killed benchmark must still give back its loop device.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    quick = options.size == "quick"
    scale = options.scale or (0.01 if quick else 1.0)
    works = [WORKS[name].scaled(scale) for name in options.work.split(",")]
    plan = Plan(
        rounds=options.rounds or (1 if quick else 3),
        base=options.at,
        plain=options.plain or quick,
        cold=options.cold or quick,
        keep=options.keep,
    )
    try:
        samples = run(works, STEPS, plan)
    except CommandFailed as error:
        print(error, file=sys.stderr)
        return 1
    print(heading(scale, plan))
    print(render(samples, judged=scale >= 1))
    return 0


def heading(scale: float, plan: Plan) -> str:
    """What was measured where."""
    memory = "as found" if plan.cold else "warm"
    return (
        f"scale {scale:g}, median of {plan.rounds} rounds, {os.cpu_count()} cores, "
        f"memory {memory}, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    )


def parser() -> argparse.ArgumentParser:
    """The options; what is left out depends on the size."""
    options = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    options.add_argument("size", choices=("local", "quick"))
    options.add_argument("--work", default=",".join(WORKS), help="which of %(default)s")
    options.add_argument("--scale", type=float, help="times the full size")
    options.add_argument("--rounds", type=int, help="the median of how many")
    options.add_argument(
        "--at", type=Path, default=Path(tempfile.gettempdir()), help="where the disk's file lies"
    )
    options.add_argument("--plain", action="store_true", help="a plain folder, no loop device")
    options.add_argument("--cold", action="store_true", help="do not warm free memory")
    options.add_argument("--keep", action="store_true", help="leave the last disk as it is")
    return options


if __name__ == "__main__":
    sys.exit(main())
