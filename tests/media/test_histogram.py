"""Histograms count as numpy does, and are kept as W&B keeps them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.artifacts.world import World

from wbart.api import Api
from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid
from wbart.media.histogram import Histogram

EIGHTHS = st.integers(-(10**6), 10**6).map(lambda number: number / 8)


@given(st.lists(EIGHTHS, min_size=1, max_size=50), st.integers(1, 20))
def test_counts_are_those_of_the_edges(values: list[float], bins: int) -> None:
    made = Histogram(values, num_bins=bins)
    wanted, _ = np.histogram(values, bins=np.array(made.bins))

    assert made.bins == sorted(made.bins)
    assert made.histogram == wanted.tolist()
    assert sum(made.histogram) == len(values)
    assert np.allclose(made.bins, np.histogram_bin_edges(values, bins))


def test_nested_values_and_numpy_are_taken() -> None:
    made = Histogram(np.array([[1.0, 2.0], [2.0, np.nan]]), num_bins=2)

    assert made.to_json() == {"_type": "histogram", "values": [1.0, 2.0], "bins": [1.0, 1.5, 2.0]}
    counts, edges = np.histogram([1, 2, 3], bins=3)
    assert Histogram(np_histogram=(counts.tolist(), edges.tolist())).histogram == [1, 1, 1]
    assert Histogram([5, 5], num_bins=1).bins == [4.5, 5.5]


def test_odd_histograms_are_told() -> None:
    with pytest.raises(ArgumentInvalid):
        Histogram()
    with pytest.raises(ArgumentInvalid, match="512"):
        Histogram([1], num_bins=513)
    with pytest.raises(ArgumentInvalid, match="one edge more"):
        Histogram(np_histogram=([1], [1]))
    with pytest.raises(ArgumentTypeInvalid):
        Histogram(["red"])


def test_runs_keep_histograms(tmp_path: Path) -> None:
    world = World(tmp_path)
    with world.run(id="r") as run:
        run.log({"weights": Histogram([1, 2, 3], num_bins=3)})
        run.summary["last"] = Histogram([1])
    found = Api(settings=world.settings).run("r")
    found.summary["more"] = Histogram([2])
    found.summary.update()
    found.load(force=True)

    assert found.history(pandas=False)[0]["weights"]["values"] == [1, 1, 1]
    assert {found.summary[name]["_type"] for name in ("last", "more")} == {"histogram"}
