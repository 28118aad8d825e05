"""`python -m tests.bench remote`: wbart against what else carries folders to a bucket and back.

All speak to one server on this machine, each in a bucket of its own, one after the other, and
every command is a process of its own. Tools that send each file by itself are slow with many:
they get a part of the files, and their figures are scaled to all.
"""

import argparse
import logging
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from tests.bench import data, disk
from tests.bench.data import MIB, W1, W2, Work
from tests.bench.measure import CommandFailed, Cost, measure
from tests.bench.remote_table import Carried, render
from tests.bench.rounds import room
from tests.bench.tools import TOOLS, Site, Tool, environment
from tests.servers import Server, start
from tests.servers.proxy import proxied

log = logging.getLogger(__name__)

PART = 5_000
COUNTED_FILES = 500
COUNTED_SIZE = 128 * MIB
QUICK_TOOLS = "wbart", "wbart obstore", "aws s3 cp", "rclone", "s3fs"
QUICK = 0.01, 1 / 32
"""Of the files, and of the bytes of the large one."""
QUICK_PART = 100


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run: on which server, how often, and how many files the others get."""

    server: str
    tools: Sequence[Tool]
    rounds: int
    part: int
    base: Path
    plain: bool
    count: bool
    starts: bool
    """Whether to measure what a tool takes for its start."""
    warms: bool
    """Whether to carry everything once before."""


def main(argv: Sequence[str]) -> int:
    """Run the benchmark and print its table; 1 when a command of it fails."""
    options = parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    plan = Plan(
        options.server,
        [TOOLS[name] for name in _named(options)],
        options.rounds,
        sys.maxsize if options.all else QUICK_PART if options.quick else options.part,
        options.at,
        options.plain or options.quick,
        not options.no_count,
        not options.quick,
        not options.quick,
    )
    small, large = QUICK if options.quick else (options.scale, options.scale)
    works = [W2.scaled(small), W1.scaled(large)]
    try:
        carried = run([work for work in works if work.name in options.work], plan)
    except CommandFailed as error:
        print(error, file=sys.stderr)
        return 1
    print(heading(plan))
    print(render(carried, judged=not options.quick and options.scale >= 1))
    return 0


def _named(options: argparse.Namespace) -> Sequence[str]:
    if options.tools:
        return str(options.tools).split(",")
    return QUICK_TOOLS if options.quick else list(TOOLS)


def heading(plan: Plan) -> str:
    """What was measured where."""
    return (
        f"{plan.server} on this machine, median of {plan.rounds} rounds, {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    )


def parser() -> argparse.ArgumentParser:
    """The options of `remote`."""
    options = argparse.ArgumentParser(prog="python -m tests.bench remote", description=__doc__)
    options.add_argument("--server", default="seaweedfs", help="one that speaks S3: %(default)s")
    options.add_argument("--tools", help=f"which of {','.join(TOOLS)}")
    options.add_argument("--work", default="W2,W1", help="W2: small files, W1: the large one")
    options.add_argument("--rounds", type=int, default=1, help="the median of how many")
    options.add_argument("--scale", type=float, default=1.0, help="times the full size")
    options.add_argument("--part", type=int, default=PART, help="files for the others: %(default)s")
    options.add_argument("--all", action="store_true", help="all files for the others, too")
    options.add_argument("--quick", action="store_true", help="small, of five tools, unjudged")
    options.add_argument("--no-count", action="store_true", help="count no requests")
    options.add_argument("--plain", action="store_true", help="a plain folder, no loop device")
    options.add_argument(
        "--at", type=Path, default=Path(tempfile.gettempdir()), help="where the disk's file lies"
    )
    return options


def run(works: Sequence[Work], plan: Plan) -> list[Carried]:
    """Carry every work with every tool, and count requests in runs that are not timed."""
    carried: list[Carried] = []
    with start(plan.server) as server:
        for work in works:
            for number in range(plan.rounds):
                with disk.fresh(room(work), plan.base, plain=plan.plain) as fresh:
                    log.info("%s, round %d of %d", work.name, number + 1, plan.rounds)
                    if plan.warms:
                        _warm(plan.tools[0], work, plan, server, fresh.root)
                    for tool in turned(plan.tools, number):
                        carried += _timed(tool, work, plan, server, fresh.root)
            if plan.count:
                for tool in plan.tools:
                    carried += _counted(tool, work, server, plan.base)
    return carried


def turned(tools: Sequence[Tool], number: int) -> list[Tool]:
    """The tools in another order each round: whoever comes first may have it hardest."""
    first = number % len(tools)
    return [*tools[first:], *tools[:first]]


def _warm(tool: Tool, work: Work, plan: Plan, server: Server, root: Path) -> None:
    """Carry the work once unmeasured: the server's and our disk give out new room slowly."""
    with _site(tool, part_of(work, plan.part), server, root) as site:
        for verb in ("put", "get"):
            _carry(tool, verb, site)


def _timed(tool: Tool, work: Work, plan: Plan, server: Server, root: Path) -> Iterator[Carried]:
    given = work if tool.ours else part_of(work, plan.part)
    starts = {"put": 0.0, "get": 0.0}
    if given != work and plan.starts:
        with _site(tool, only(work), server, root) as site:
            starts = {verb: _carry(tool, verb, site).wall for verb in starts}
    with _site(tool, given, server, root) as site:
        for verb, start in starts.items():
            cost = _carry(tool, verb, site)
            log.info("  %s %s: %.2f s (%.2f)", tool.name, verb, cost.wall, cost.cpu)
            yield Carried(work, verb, tool.name, tool.ours, given, cost, start=start)


def _counted(tool: Tool, work: Work, server: Server, base: Path) -> Iterator[Carried]:
    """wbart carries all small files, since it does not send them one by one."""
    given = smaller(work)
    if tool.ours and work.files > 1:
        given = work
    root = Path(tempfile.mkdtemp(prefix="wbart-bench-", dir=base))
    try:
        with proxied(server) as proxy, _site(tool, given, proxy.server, root) as site:
            for verb in ("put", "get"):
                proxy.forget()
                _carry(tool, verb, site)
                yield Carried(work, verb, tool.name, tool.ours, given, None, len(proxy.requests))
    finally:
        shutil.rmtree(root)


def part_of(work: Work, files: int) -> Work:
    """The work with at most so many files, the folders as full as before."""
    return work if work.files <= files else work.scaled(files / work.files)


def only(work: Work) -> Work:
    """A single small file: what a tool takes for it, it takes for its start."""
    return Work(work.name, 1, 1, work.smallest, work.smallest, 1)


def smaller(work: Work) -> Work:
    """What is enough to count requests."""
    if work.files > 1:
        return part_of(work, COUNTED_FILES)
    return work.scaled(min(1.0, COUNTED_SIZE / work.largest))


@contextmanager
def _site(tool: Tool, work: Work, server: Server, root: Path) -> Iterator[Site]:
    """A bucket of the tool's own, and the work's files; both are gone afterwards."""
    site = Site(server, f"bench-{uuid4().hex[:12]}", root / "site")
    data.make(work, site.root / "source")
    server.fs().mkdir(site.bucket)
    before = tool.before(site)
    if before is not None:
        subprocess.run(before, check=True, env=environment(tool, site), stdout=subprocess.DEVNULL)
    try:
        yield site
    finally:
        shutil.rmtree(site.root)
        server.fs().rm(site.bucket, recursive=True)


def _carry(tool: Tool, verb: str, site: Site) -> Cost:
    os.sync()  # the server's disk, too
    argv = tool.put(site) if verb == "put" else tool.get(site)
    cost = measure(argv, site.root / "output.log", environment(tool, site))
    if verb == "get":  # a fast step with a wrong result is no result
        subprocess.run(["diff", "-rq", site.at("source"), site.at("out")], check=True)
    return cost
