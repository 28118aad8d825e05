"""The table of the remote benchmark: each tool beside wbart, scaled to the same work."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.data import MIB, Work
from tests.bench.measure import Cost
from tests.bench.table import VERDICT

MEMORY = 400 * MIB
TARGETS = {True: 10.0, False: 1.0}
"""How many times faster wbart should be: with many files, and with one."""
HEAD = (
    "step", "tool", "files", "s (cpu)", "scaled s", "x wbart", "x obstore", "at least", "",
    "peak MiB", "requests",
)  # fmt: skip
PLAIN, FAST = "wbart", "wbart obstore"
"""Of ours, the one that the targets are for, and the one with the extra."""


@dataclass(frozen=True, slots=True)
class Carried:
    """One command of one tool: what it cost, or how many requests it sent."""

    work: Work
    verb: str
    tool: str
    ours: bool
    given: Work
    """What the tool was really given: the work, or a part of it."""
    cost: Cost | None = None
    requests: int | None = None
    start: float = 0.0
    """Seconds of `cost` that do not grow with the work."""

    @property
    def scale(self) -> float:
        """How many times what was given makes the work."""
        if self.work.files > 1:
            return self.work.files / self.given.files
        return self.work.largest / self.given.largest


@dataclass(frozen=True, slots=True)
class Row:
    """One tool in one step: medians over the rounds, scaled to the whole work."""

    work: Work
    verb: str
    tool: str
    ours: bool
    given: Work
    wall: float
    cpu: float
    seconds: float
    peak: int
    requests: float | None


def rows(carried: Sequence[Carried]) -> list[Row]:
    """One row a tool and step, in the order in which they first came."""
    groups: dict[tuple[str, str, str], list[Carried]] = {}
    for each in carried:
        groups.setdefault((each.work.name, each.verb, each.tool), []).append(each)
    made = [_row(group) for group in groups.values() if any(each.cost for each in group)]
    works = {row.work.name: None for row in made}
    return sorted(made, key=lambda row: ([*works].index(row.work.name), row.verb != "put"))


def _row(group: Sequence[Carried]) -> Row:
    timed = [(each, each.cost) for each in group if each.cost is not None]
    counted = [each.requests * each.scale for each in group if each.requests is not None]
    first = timed[0][0]
    return Row(
        first.work,
        first.verb,
        first.tool,
        first.ours,
        first.given,
        median(cost.wall for _, cost in timed),
        median(cost.cpu for _, cost in timed),
        median(each.start + (cost.wall - each.start) * each.scale for each, cost in timed),
        max(cost.peak for _, cost in timed),
        counted[0] if counted else None,
    )


def render(carried: Sequence[Carried], judged: bool = True) -> str:
    """The whole table as text. Targets are for the full size; without judged they are unsaid."""
    body = rows(carried)
    lines = [HEAD, *(_cells(row, body, judged) for row in body)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = [_line(line, widths) for line in lines]
    text.insert(1, "  ".join("-" * width for width in widths))
    if any(row.given != row.work for row in body):
        text.append(
            "scaled: from the files that the tool was given to all, but for what one file takes"
        )
    text.append("requests: counted apart, on as many files as is enough; scaled to all")
    peak = max((row.peak for row in body if row.ours), default=0)
    words = f", at most {MEMORY // MIB}: {VERDICT[peak <= MEMORY]}" if judged else ""
    text.append(f"peak memory of wbart, in any of them: {peak // MIB} MiB{words}")
    return "\n".join(text)


def _cells(row: Row, body: Iterable[Row], judged: bool) -> tuple[str, ...]:
    ours = {each.tool: each.seconds for each in body if _same_step(each, row) and each.ours}
    target = None if row.ours else TARGETS[row.work.files > 1]
    met = None
    if judged and target is not None and PLAIN in ours:
        met = row.seconds / ours[PLAIN] >= target
    return (
        f"{row.work.name} {row.verb}",
        row.tool,
        f"{row.given.files}",
        f"{row.wall:.2f} ({row.cpu:.2f})",
        f"{row.seconds:.1f}",
        _times(row.seconds, ours.get(PLAIN)),
        _times(row.seconds, ours.get(FAST)),
        "-" if target is None else f"{target:.0f}",
        VERDICT[met],
        f"{row.peak // MIB}",
        "-" if row.requests is None else f"{row.requests:.0f}",
    )


def _same_step(one: Row, other: Row) -> bool:
    return (one.work.name, one.verb) == (other.work.name, other.verb)


def _times(seconds: float, ours: float | None) -> str:
    return "-" if not ours else f"{seconds / ours:.2f}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
