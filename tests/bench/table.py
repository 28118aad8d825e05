"""The table that the benchmark prints: medians of what the rounds measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.data import MIB
from tests.bench.rounds import Sample

MEMORY = 200 * MIB
VERDICT = {True: "met", False: "NOT MET", None: ""}
HEAD = ("step", "ours s (cpu)", "against", "theirs s (cpu)", "ratio", "at most", "", "peak MiB")


@dataclass(frozen=True, slots=True)
class Row:
    """One step against one rival: the medians over the rounds."""

    name: str
    rival: str
    ours: tuple[float, float]
    theirs: tuple[float, float]
    ratio: float
    target: float | None
    peak: int

    @property
    def met(self) -> bool | None:
        """Whether the target is met, None where there is none."""
        return None if self.target is None else self.ratio <= self.target


def rows(samples: Sequence[Sample]) -> list[Row]:
    """The samples by step and rival, in the order in which they first came."""
    groups: dict[tuple[str, str, str], list[Sample]] = {}
    for sample in samples:
        groups.setdefault((sample.work, sample.step, sample.rival), []).append(sample)
    return [_row(group) for group in groups.values()]


def render(samples: Sequence[Sample], judged: bool = True) -> str:
    """The whole table as text, one line a step and rival, and the peak memory below.

    Targets are for the full size; without judged nothing is said of them.
    """
    body = rows(samples)
    lines = [HEAD, *(_cells(row, judged) for row in body)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = [_line(line, widths) for line in lines]
    text.insert(1, "  ".join("-" * width for width in widths))
    peak = max(row.peak for row in body)
    words = f", at most {MEMORY // MIB}: {VERDICT[peak <= MEMORY]}" if judged else ""
    text.append(f"peak memory, any of them: {peak // MIB} MiB{words}")
    return "\n".join(text)


def _row(group: Sequence[Sample]) -> Row:
    first = group[0]
    return Row(
        name=f"{first.work} {first.step}",
        rival=first.rival,
        ours=(median(s.ours.wall for s in group), median(s.ours.cpu for s in group)),
        theirs=(median(s.theirs.wall for s in group), median(s.theirs.cpu for s in group)),
        ratio=median(s.ours.wall / s.theirs.wall for s in group),
        target=first.target,
        peak=max(s.ours.peak for s in group),
    )


def _cells(row: Row, judged: bool) -> tuple[str, ...]:
    return (
        row.name,
        _seconds(row.ours),
        row.rival,
        _seconds(row.theirs),
        f"{row.ratio:.2f}",
        "-" if row.target is None else f"{row.target:.1f}",
        VERDICT[row.met if judged else None],
        str(row.peak // MIB),
    )


def _seconds(cost: tuple[float, float]) -> str:
    return f"{cost[0]:.2f} ({cost[1]:.2f})"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
