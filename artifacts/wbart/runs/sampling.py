"""Picking some rows of a history: the same ones every time, and the first and the last always."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from wbart.runs.historyparts import Row
from wbart.runs.historyreader import HistoryReader

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def spread(count: int, samples: int) -> list[int]:
    """At most `samples` numbers below count, evenly spread; all of them if there are no more.

    The first and the last are among them; one sample is the last, since it says most.
    """
    if samples >= count:
        return list(range(count))
    if samples == 1:
        return [count - 1]
    return [number * (count - 1) // (samples - 1) for number in range(samples)]


def sampled(reader: HistoryReader, samples: int) -> list[Row]:
    """Whole rows, sampled by `spread`; of many rows only the blocks that are needed are read."""
    return reader.at(spread(reader.count, samples))


def sampled_with(reader: HistoryReader, keys: Sequence[str], samples: int) -> list[Row]:
    """Rows that have all keys, sampled among those by `spread`. Reads the whole history.

    Rows without a key are mostly recognised without being decoded.
    """
    matching = array("Q")  # numbers of rows: the rows themselves might not fit into memory
    has_all = _test(keys)
    matching.extend(n for n, line in enumerate(reader.lines()) if has_all(line))
    return reader.at([matching[number] for number in spread(len(matching), samples)])


def _test(keys: Sequence[str]) -> Callable[[bytes], bool]:
    """Whether a line has all keys; most that have not are found out without being decoded."""
    wanted = frozenset(keys)
    marks = [f'"{key}"'.encode() for key in keys if key.isascii() and key.isidentifier()]

    def has_all(line: bytes) -> bool:
        for mark in marks:
            if mark not in line:
                return False
        return wanted <= _decode(line).keys()

    return has_all
