"""Proposals of a Bayesian search, made by optuna's tree of Parzen estimators."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from wbart.errors import UsageError
from wbart.sweeps.parameter import Parameter
from wbart.sweeps.space import Space, nested

TRIALS = 200
"""The most earlier runs that a proposal looks at, the newest ones: it takes as long each time."""
_RANDOM_FIRST = 10
_STEPS = 60

Seen = tuple[Mapping[str, Any], float | None]
"""The config of an earlier run and its metric; None for one that has none, or not yet."""


def propose(space: Space, sweep: str, number: int, seen: Sequence[Seen]) -> dict[str, Any]:
    """The parameters of draw number, given what earlier runs found.

    A run without a number counts as the worst one, so that agents at work at the same time do
    not all try the same. Raises UsageError, naming the extra, where optuna is missing.
    """
    optuna = _library()
    goal = space.metric.goal if space.metric is not None else "minimize"
    axes = {each.name: _axis(optuna, each) for each in space.parameters}
    seed = random.Random(f"{sweep}/{number}").randrange(2**31)
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=_RANDOM_FIRST)
    study = _study(optuna, sampler, goal)
    for place, value in _placed(space, seen[-TRIALS:], goal):
        trial = optuna.trial.create_trial(params=place, distributions=axes, value=value)
        study.add_trial(trial)
    chosen = study.ask(axes).params
    return nested([(each, _value(each, chosen[each.name])) for each in space.parameters])


def _library() -> Any:
    try:
        return import_module("optuna")
    except ImportError as error:
        raise UsageError("a bayes sweep needs optuna: pip install 'wbart[sweeps]'") from error


def _study(optuna: Any, sampler: Any, goal: str) -> Any:
    """A study in memory, made without the line that optuna would print."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return optuna.create_study(sampler=sampler, direction=goal)
    finally:
        optuna.logging.set_verbosity(before)


def _axis(optuna: Any, parameter: Parameter) -> Any:
    """Names are chosen among; of numbers it is the quantile that is searched for."""
    if parameter.unordered:
        return optuna.distributions.CategoricalDistribution(range(len(parameter.values or ())))
    return optuna.distributions.FloatDistribution(0.0, 1.0)


def _value(parameter: Parameter, place: float) -> Any:
    if parameter.unordered:
        return (parameter.values or ())[int(place)]
    return parameter.at(min(place, 1 - 1e-12))


def _placed(space: Space, seen: Sequence[Seen], goal: str) -> list[tuple[dict[str, float], float]]:
    """Earlier runs as points of the search; those outside of it are passed over."""
    known = [value for _, value in seen if value is not None]
    if not known:
        return []
    worst = max(known) if goal == "minimize" else min(known)
    found: list[tuple[dict[str, float], float]] = []
    for config, value in seen:
        places = {each.name: _place(each, config) for each in space.parameters}
        if all(place is not None for place in places.values()):
            point = {name: place for name, place in places.items() if place is not None}
            found.append((point, worst if value is None else value))
    return found


def _place(parameter: Parameter, config: Mapping[str, Any]) -> float | None:
    """Where a value stands on its axis: an index, or its quantile by halving."""
    value: Any = config
    for name in parameter.path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if parameter.unordered:
        values = list(parameter.values or ())
        return values.index(value) if value in values else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    low, high = _edge(parameter, value, above=False), _edge(parameter, value, above=True)
    return (low + high) / 2


def _edge(parameter: Parameter, value: float, *, above: bool) -> float:
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        at = parameter.at(middle)
        if at < value or (above and at == value):
            low = middle
        else:
            high = middle
    return low
