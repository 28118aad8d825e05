"""Rounds: every step, ours and theirs in turn, on a fresh disk each time."""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import data, disk, memory
from tests.bench.data import KIB, MIB, Work
from tests.bench.measure import Cost, measure
from tests.bench.steps import WBART, Argv, Place, Step

log = logging.getLogger(__name__)

REPOSITORY = Path(__file__).parents[2]
WINGS = ("artifacts", "storage", "manifest")
COPIES = 8
# ext4 gives a file system an inode for every 16 KiB, so many small files need that much room.
INODE = 16 * KIB


@dataclass(frozen=True, slots=True)
class Plan:
    """How to run: how often, where, on what memory, and whether the last disk stays."""

    rounds: int
    base: Path
    plain: bool = False
    cold: bool = False
    keep: bool = False
    program: Argv = WBART


@dataclass(frozen=True, slots=True)
class Sample:
    """One step of one round against one rival."""

    work: str
    step: str
    rival: str
    target: float | None
    ours: Cost
    theirs: Cost


def run(works: Sequence[Work], steps: Mapping[str, Sequence[Step]], plan: Plan) -> list[Sample]:
    """Run all steps of all works and return every sample; raise CommandFailed at the first."""
    samples: list[Sample] = []
    for work in works:
        for number in range(plan.rounds):
            keep = plan.keep and number == plan.rounds - 1
            with disk.fresh(room(work), plan.base, plain=plan.plain, keep=keep) as fresh:
                log.info("%s, round %d of %d, %s", work.name, number + 1, plan.rounds, fresh.kind)
                runner = _Runner(Place(work, fresh.root, plan.program), plan.cold)
                samples.extend(runner.round(steps[work.name], number))
    return samples


def room(work: Work) -> int:
    """The bytes of disk that a round needs at its fullest."""
    tree = max(work.files * INODE, work.files * work.largest)
    return 512 * MIB + COPIES * tree


@dataclass(frozen=True, slots=True)
class _Runner:
    """Times the commands of one round, each from the same start."""

    place: Place
    cold: bool

    def round(self, steps: Sequence[Step], number: int) -> Iterator[Sample]:
        data.make(self.place.work, self.place.root / "source")
        # The first start compiles wbart's modules, which no step should pay for.
        self._measure((*self.place.program, "--help"))
        for step in steps:
            step.before(self.place)
            yield from self._step(step, ours_first=number % 2 == 1)
            step.after(self.place)

    def _step(self, step: Step, ours_first: bool) -> Iterator[Sample]:
        ours = self._time(step.ours(self.place)) if ours_first else None
        theirs = [self._time(rival.argv(self.place)) for rival in step.rivals]
        ours = ours or self._time(step.ours(self.place))
        for rival, cost in zip(step.rivals, theirs, strict=True):
            log.info("  %s: %.2f s; %s: %.2f s", step.name, ours.wall, rival.name, cost.wall)
            name = self.place.work.name
            yield Sample(name, step.name, rival.name, rival.target, ours, cost)

    def _time(self, argv: Argv) -> Cost:
        disk.settle(self.place.root)
        if not self.cold:
            work = self.place.work
            memory.warm(self.place.root, 256 * MIB + 2 * work.files * work.largest)
        return self._measure(argv)

    def _measure(self, argv: Argv) -> Cost:
        return measure(argv, self.place.root / "output.log", self._environment())

    def _environment(self) -> dict[str, str]:
        """Ours, with wbart's own state on the round's disk and the sources importable."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("WBART_")}
        # An installed wbart is compiled, whatever the machine that builds it asks for.
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        kept["PYTHONPATH"] = os.pathsep.join(str(REPOSITORY / wing) for wing in WINGS)
        for name in ("CACHE", "DATA"):
            kept[f"WBART_{name}_DIR"] = self.place.at(name.lower())
        return kept
