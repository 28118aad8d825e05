"""Series: all that one tag said, step by step."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any


class Series:
    """The values of a tag, as they were written; 40 bytes for a number."""

    __slots__ = ("_steps", "_values", "_walls")

    def __init__(self) -> None:
        self._steps = array("q")
        self._walls = array("d")
        self._values: list[Any] = []

    def __len__(self) -> int:
        return len(self._steps)

    def add(self, step: int, wall_time: float, value: Any) -> None:
        """Add a value; steps may come in any order."""
        self._steps.append(step)
        self._walls.append(wall_time)
        self._values.append(value)

    def extend(self, other: Series) -> None:
        """Add the values of another one behind these."""
        self._steps += other._steps
        self._walls += other._walls
        self._values += other._values

    def purge(self, step: int) -> int:
        """Drop the values of this step and all later ones; how many they were."""
        kept = [number for number, each in enumerate(self._steps) if each < step]
        dropped = len(self) - len(kept)
        if dropped:
            self._steps = array("q", [self._steps[number] for number in kept])
            self._walls = array("d", [self._walls[number] for number in kept])
            self._values = [self._values[number] for number in kept]
        return dropped

    def in_steps(self) -> Iterator[tuple[int, float, Any]]:
        """Step, wall time and value, by step; those of one step as they were written."""
        order = sorted(range(len(self)), key=self._steps.__getitem__)  # fast where it is sorted
        for number in order:
            yield self._steps[number], self._walls[number], self._values[number]

    def last(self) -> Iterator[tuple[int, float, Any]]:
        """The newest value of the highest step; nothing where there is none."""
        if self._steps:
            number = max(range(len(self)), key=lambda each: (self._steps[each], each))
            yield self._steps[number], self._walls[number], self._values[number]
