"""Rows as tables of pandas and polars, where they are installed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from wbart.errors import UsageError
from wbart.runs.historyparts import Row

log = logging.getLogger(__name__)

_LAST = ("_runtime", "_timestamp")


def table(rows: Sequence[Row]) -> Any:
    """A pandas DataFrame of the rows; the rows as they are, and a warning, without pandas."""
    try:
        import pandas
    except ImportError:
        log.warning("Unable to load pandas, call history with pandas=False")
        return list(rows)
    return pandas.DataFrame.from_records(list(rows), columns=_columns(rows))


def _columns(rows: Sequence[Row]) -> list[str]:
    """The step, the metrics as they appeared, and the times, as W&B's guide shows them."""
    found = dict.fromkeys(name for row in rows for name in row)
    first = [name for name in ("_step",) if name in found]
    last = [name for name in _LAST if name in found]
    return [*first, *(name for name in found if name not in (*first, *last)), *last]


def joined(tables: Sequence[Sequence[Row]], kind: str) -> Any:
    """One DataFrame of `pandas` or `polars` of several runs' rows, its columns sorted.

    What a run does not have is missing. UsageError when the library is not installed.
    """
    rows = [row for each in tables for row in each]
    columns = sorted({name for row in rows for name in row})
    try:
        if kind == "pandas":
            import pandas

            return pandas.DataFrame.from_records(rows, columns=columns)
        import polars
    except ImportError as error:
        raise UsageError(f"format {kind!r} needs {kind}: pip install {kind}") from error
    return polars.DataFrame(
        {name: [row.get(name) for row in rows] for name in columns}, strict=False
    )
