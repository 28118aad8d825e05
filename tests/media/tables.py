"""Tables that are made the same way with wbart and with the real wandb."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy
import pandas

MAKE = """
def make(w, numpy, pandas):
    from datetime import date, datetime, timedelta, timezone
    columns = ["n", "s", "b", "no", "when", "day", "ids", "record", "big"]
    zone = timezone(timedelta(hours=2))
    data = [
        [1, "text", True, None, datetime(2024, 2, 3, 4, 5, 6, 789000), date(2024, 1, 1),
         [1, 2], {"a": 1, "b": "x"}, -0.25],
        [2.5, "Zürich \\u2028", False, None, datetime(2024, 1, 1, tzinfo=zone), None,
         [3, 4], {"a": 2, "b": None}, 10**20],
        [None, None, None, None, None, None, None, None, None],
    ]
    scalars = w.Table(columns=columns[:6] + ["big"], data=[row[:6] + row[8:] for row in data])
    nested = w.Table(columns=["ids", "record"], data=[row[6:8] for row in data[:1]])
    declared = w.Table(
        columns=["c", "n", "l", "d", "u"],
        data=[["a", 1, ["x"], {"k": 1}, 3], ["a", 2, ["y", "z"], {"k": 2}, "three"]],
        dtype=["a", int, [str], {"k": int}, [int, str]],
        optional=[False, False, False, False, True],
    )
    mixed = w.Table(columns=["m"], data=[[1], ["one"], [None], [[1, "x"]]], allow_mixed_types=True)
    vectors = w.Table(columns=["v", "k"], data=[[numpy.arange(3), 1], [numpy.array([3, 4, 5]), 2]])
    grid = numpy.arange(12, dtype="float32").reshape(2, 2, 3)
    grids = w.Table(columns=["g"], data=[[grid[0]], [grid[1]]])
    long = w.Table(columns=["v"], data=[[numpy.arange(151)], [numpy.arange(151) * 2]])
    array = w.Table(columns=["x", "y"], data=numpy.array([[1, 2], [3, 4]]))
    frame = pandas.DataFrame(
        {"i": [1, 2], "f": [0.5, None], "t": pandas.to_datetime(["2024-01-01", "2024-06-01"])}
    )
    framed = w.Table(dataframe=frame)
    added = w.Table(columns=["x", "y"], data=[[3, 1], [4, 6]])
    added.add_data(5, 7)
    added.add_computed_columns(lambda ndx, row: {"diff": row["x"] - row["y"]})
    added.add_column("z", numpy.array([0.5, 1.5, 2.5]))
    colors = w.Classes([{"id": 0, "name": "red"}, {"id": 1, "name": "blue", "color": "#00f"}])
    shades = w.Classes([{"id": "dark", "name": "x"}])
    classed = w.Table(columns=["c"], data=[[0], [1]], dtype=colors.get_type())
    mutable = w.Table(columns=["x"], data=[[1]], log_mode="MUTABLE")
    numbers = w.Table(columns=["n", "m"], data=[[numpy.int32(1), numpy.bool_(True)]])
    numbered = w.Table(columns=[0, 1], data=[["a", "b"]])
    empty = w.Table(columns=["a", "b"])
    outer = w.Table(columns=["inner", "n"], data=[[w.Table(columns=["x"], data=[[1], [2]]), 1]])
    return {
        "scalars": scalars, "nested": nested, "declared": declared, "mixed": mixed,
        "vectors": vectors, "grids": grids, "long": long, "array": array, "framed": framed,
        "added": added, "classed": classed, "mutable": mutable, "numbers": numbers,
        "empty": empty, "numbered": numbered, "outer": outer, "shades": shades,
    }
"""


def ours() -> dict[str, Any]:
    """The objects made with wbart."""
    from wbart.media.classes import Classes
    from wbart.media.table import Table

    names: dict[str, Any] = {}
    exec(MAKE, names)
    found: dict[str, Any] = names["make"](
        SimpleNamespace(Classes=Classes, Table=Table), numpy, pandas
    )
    return found
