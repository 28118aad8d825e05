"""Histogram: how values are spread, as a metric of a run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Self

from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid
from wbart.media.value import Holder, Source, WBValue

MAX_BINS = 512
"""W&B's limit."""


class Histogram(WBValue):
    """Counts of values in bins; for `run.log`, `run.summary` and a public run's summary.

    Of values (any iterable of numbers, nested ones too), or of what `numpy.histogram` returned.
    Values that are not finite are left out. Raises ArgumentInvalid (a ValueError) for more than
    512 bins, and for counts and edges that do not fit together.
    """

    MAX_LENGTH = MAX_BINS
    _log_type = "histogram"

    def __init__(
        self,
        sequence: Iterable[Any] | None = None,
        np_histogram: tuple[Sequence[float], Sequence[float]] | None = None,
        num_bins: int = 64,
    ) -> None:
        if np_histogram is not None:
            if len(np_histogram) != 2:
                raise ArgumentInvalid("np_histogram is a pair of counts and edges")
            counts, edges = np_histogram
            self.histogram, self.bins = _plain(counts), _plain(edges)
        elif sequence is not None:
            self.histogram, self.bins = _counted(list(_numbers(sequence)), num_bins)
        else:
            raise ArgumentInvalid("a histogram needs values, or a numpy histogram")
        if len(self.histogram) > MAX_BINS:
            raise ArgumentInvalid(f"a histogram has at most {MAX_BINS} bins")
        if len(self.histogram) + 1 != len(self.bins):
            raise ArgumentInvalid("a histogram has one edge more than it has counts")

    def to_json(self, holder: Holder | None = None) -> dict[str, Any]:
        """W&B's form: `_type`, `values` and `bins`."""
        return {"_type": "histogram", "values": self.histogram, "bins": self.bins}

    @classmethod
    def from_json(cls, json_obj: dict[str, Any], source: Source) -> Self:
        """The histogram of its JSON; it has no files."""
        return cls(np_histogram=(json_obj["values"], json_obj["bins"]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Histogram) and self.to_json() == other.to_json()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Histogram of {len(self.histogram)} bins>"


def _counted(values: list[float], bins: int) -> tuple[list[float], list[float]]:
    """As numpy.histogram does: bins of equal width, the last one closed at its end."""
    if not 0 < bins <= MAX_BINS:
        raise ArgumentInvalid(f"num_bins must be from 1 to {MAX_BINS}: {bins}")
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    edges = [low + (high - low) * number / bins for number in range(bins)] + [high]
    counts = [0.0] * bins
    for value in values:
        number = min(int((value - low) / (high - low) * bins), bins - 1)
        # Rounding may put a value beside its bin; the edges are what counts.
        while number > 0 and value < edges[number]:
            number -= 1
        while number < bins - 1 and value >= edges[number + 1]:
            number += 1
        counts[number] += 1
    return counts, edges


def _numbers(values: Iterable[Any]) -> Iterable[float]:
    plain = getattr(values, "tolist", None)  # numpy's numbers are slow one by one
    for value in values if plain is None else plain():
        if isinstance(value, Iterable) and not isinstance(value, str | bytes):
            yield from _numbers(value)
            continue
        try:
            number = float(value)
        except (TypeError, ValueError) as error:
            raise ArgumentTypeInvalid(f"a histogram is of numbers, not {value!r}") from error
        if math.isfinite(number):
            yield number


def _plain(values: Sequence[float]) -> list[float]:
    return [float(value) for value in values]
