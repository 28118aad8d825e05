"""What a sweep's config means: its parameters, distributions, grid and refusals."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wbart.errors import ArgumentInvalid, CommError
from wbart.sweeps.parameter import parse
from wbart.sweeps.space import understand


def config(method: str = "random", **parameters: Any) -> dict[str, Any]:
    return {"method": method, "parameters": parameters}


@pytest.mark.parametrize(
    ("said", "low", "high"),
    [
        ({"min": 1, "max": 4}, 1, 4),
        ({"min": 1.0, "max": 4}, 1, 4),
        ({"distribution": "q_uniform", "min": 0, "max": 1, "q": 0.25}, 0, 1),
        ({"distribution": "log_uniform", "min": -3, "max": 0}, math.exp(-3), 1),
        ({"distribution": "inv_log_uniform", "min": 0, "max": 3}, math.exp(-3), 1),
        ({"distribution": "log_uniform_values", "min": 1e-5, "max": 1e-1}, 1e-5, 1e-1),
        ({"distribution": "inv_log_uniform_values", "min": 1e-5, "max": 1e-1}, 1e-5, 1e-1),
        ({"distribution": "q_log_uniform_values", "min": 8, "max": 64, "q": 8}, 8, 64),
        ({"distribution": "normal", "mu": 2, "sigma": 0.1}, -2, 6),
        ({"distribution": "q_normal", "mu": 2, "sigma": 1, "q": 0.5}, -20, 24),
        ({"distribution": "log_normal", "mu": 0, "sigma": 0.1}, 0.1, 10),
    ],
)
@given(st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True))
def test_a_distribution_stays_in_its_bounds_and_grows_with_the_quantile(
    said: dict[str, Any], low: float, high: float, one: float, other: float
) -> None:
    at = parse(("x",), said).at

    assert low * 0.999999 - 1e-9 <= at(one) <= high * 1.000001
    assert at(min(one, other)) <= at(max(one, other))


def test_whole_bounds_mean_whole_numbers_and_both_ends_come_up() -> None:
    at = parse(("x",), {"min": 1, "max": 3}).at

    assert [at(u) for u in (0.0, 0.34, 0.67, 0.999999)] == [1, 2, 3, 3]
    assert type(at(0.5)) is int


def test_a_step_is_a_multiple_as_one_would_write_it() -> None:
    found = parse(("x",), {"distribution": "q_uniform", "min": 0.1, "max": 0.5, "q": 0.1})

    assert list(found.values or ()) == [0.1, 0.2, 0.3, 0.4, 0.5]


def test_probabilities_are_shares_of_the_quantiles() -> None:
    at = parse(("x",), {"values": ["a", "b", "c"], "probabilities": [0.5, 0.5, 0.0]}).at

    assert [at(u) for u in (0.0, 0.49, 0.51, 0.9999999)] == ["a", "a", "b", "b"]


def test_a_grid_has_every_point_once_and_the_last_name_moves_first() -> None:
    space = understand(
        config("grid", b={"values": [1, 2]}, a={"values": ["x", "y"]}, c={"value": 7},
               n={"parameters": {"deep": {"min": 0, "max": 1}}})
    )  # fmt: skip

    assert space.size == 8
    points = [space.grid_point(number) for number in range(8)]
    assert points[:3] == [
        {"a": "x", "b": 1, "c": 7, "n": {"deep": 0}},
        {"a": "x", "b": 1, "c": 7, "n": {"deep": 1}},
        {"a": "x", "b": 2, "c": 7, "n": {"deep": 0}},
    ]
    assert len({repr(point) for point in points}) == 8


def test_a_draw_hangs_on_the_sweep_and_its_number_alone() -> None:
    space = understand(config(x={"min": 0.0, "max": 1.0}, y={"values": list(range(100))}))

    assert space.random_point("s", 3) == space.random_point("s", 3)
    assert space.random_point("s", 3) != space.random_point("s", 4)
    assert space.random_point("s", 3) != space.random_point("t", 3)
    # What was drawn stays what it is, whatever release draws it.
    assert space.random_point("abc", 0) == {"x": 0.6797783203698432, "y": 28}


def test_a_cap_bounds_what_has_no_end() -> None:
    assert understand({**config(x={"min": 0.0, "max": 1.0}), "run_cap": 5}).size == 5
    assert understand({**config("grid", x={"values": [1, 2]}), "run_cap": 5}).size == 2
    assert understand(config(x={"min": 0.0, "max": 1.0})).size is None


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("text", "must be a dict"),
        ({"parameters": {"x": {"value": 1}}}, "method must be one of"),
        ({"method": "random"}, "needs parameters"),
        ({"method": "random", "parameters": {}}, "needs parameters"),
        (config(x=3), "parameter 'x' must be a dict"),
        (config(x={}), "parameter 'x' needs value, values, min and max"),
        (config(x={"min": 3, "max": 1}), "not above its max"),
        (config(x={"min": "a", "max": "b"}), "parameter 'x'"),
        (config(x={"min": 0, "max": math.inf}), "not above its max"),
        (config(x={"values": []}), "list of values"),
        (config(x={"values": [1], "probabilities": [0.5]}), "of the sum 1"),
        (config(x={"distribution": "beta", "a": 1, "b": 1}), "unknown distribution: 'beta'"),
        (config(x={"distribution": "uniform", "min": 1}), "needs 'max'"),
        (config(x={"distribution": "log_uniform_values", "min": 0, "max": 1}), "min above 0"),
        (config(x={"distribution": "normal", "mu": 0, "sigma": 0}), "sigma above 0"),
        (config(x={"distribution": "q_uniform", "min": 0, "max": 1, "q": 0}), "q above 0"),
        (config("grid", x={"min": 0.0, "max": 1.0}), "a grid needs parameters"),
        (config("grid", x={"values": [1, 2], "probabilities": [0.5, 0.5]}), "a grid needs"),
        (config("bayes", x={"min": 0.0, "max": 1.0}), "needs a metric"),
        ({**config(x={"value": 1}), "metric": {"goal": "minimize"}}, "metric needs a name"),
        ({**config(x={"value": 1}), "metric": {"name": "l", "goal": "up"}}, "goal of the metric"),
        ({**config(x={"value": 1}), "run_cap": 0}, "run_cap"),
        ({**config(x={"value": 1}), "runcap": 1}, "does not have runcap"),
        (config(outer={"parameters": {"in": {"min": 2, "max": 1}}}), "'outer.in'"),
    ],
)
def test_a_config_that_cannot_be_meant_is_refused(said: Any, words: str) -> None:
    with pytest.raises(CommError, match=words):
        understand(said)


def test_a_refusal_is_a_value_error() -> None:
    with pytest.raises(ValueError):
        understand(config("hill", x={"value": 1}))
    with pytest.raises(ArgumentInvalid):
        understand(config("hill", x={"value": 1}))
