"""What a sweep searches: its config, checked, and the parameters that each of its runs gets."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid
from wbart.recording.value import to_json
from wbart.sweeps import hyperband
from wbart.sweeps.hyperband import Hyperband
from wbart.sweeps.parameter import Parameter, parse

METHODS = ("grid", "random", "bayes")
_KEYS = frozenset(
    {"method", "parameters", "metric", "program", "command", "name", "description", "project"}
    | {"entity", "run_cap", "early_terminate", "$schema"}
)


@dataclass(frozen=True)
class Metric:
    """What a sweep wants to be small or large."""

    name: str
    goal: str = "minimize"
    """minimize or maximize."""

    @property
    def order(self) -> str:
        """The order of runs, best first."""
        return f"{'+' if self.goal == 'minimize' else '-'}summary_metrics.{self.name}"


@dataclass(frozen=True)
class Space:
    """A sweep's config, understood."""

    method: str
    parameters: tuple[Parameter, ...]
    """By path."""
    metric: Metric | None
    run_cap: int | None
    """The most runs that all agents make together."""
    early_terminate: Hyperband | None = None
    """Which runs are stopped before their end; None for none."""

    @property
    def size(self) -> int | None:
        """How many runs there are to be; None for no end."""
        points = math.prod(len(p.values or ()) for p in self.parameters)
        sizes = [points if self.method == "grid" else None, self.run_cap]
        known = [size for size in sizes if size is not None]
        return min(known) if known else None

    def grid_point(self, number: int) -> dict[str, Any]:
        """Point number of the grid; the last parameter, by name, moves first."""
        chosen: list[tuple[Parameter, Any]] = []
        for parameter in reversed(self.parameters):
            values = parameter.values or ()
            number, at = divmod(number, len(values))
            chosen.append((parameter, values[at]))
        return nested(reversed(chosen))

    def random_point(self, sweep: str, number: int) -> dict[str, Any]:
        """Draw number of the sweep: the same whoever draws it, wherever."""
        dice = random.Random(f"{sweep}/{number}")
        return nested([(each, each.at(dice.random())) for each in self.parameters])


def nested(chosen: Iterable[tuple[Parameter, Any]]) -> dict[str, Any]:
    """Values as the config of a run has them."""
    config: dict[str, Any] = {}
    for parameter, value in chosen:
        *outer, last = parameter.path
        place = config
        for name in outer:
            place = place.setdefault(name, {})
        place[last] = value
    return config


def understand(config: object) -> Space:
    """The space of a config. Raises ArgumentInvalid, ArgumentTypeInvalid."""
    if not isinstance(config, Mapping):
        raise ArgumentTypeInvalid(f"a sweep's config must be a dict, not {type(config).__name__}")
    unknown = sorted(map(str, config.keys() - _KEYS))
    if unknown:
        raise ArgumentInvalid(f"a sweep's config does not have {', '.join(unknown)}")
    if config.get("method") not in METHODS:
        known = ", ".join(METHODS)
        raise ArgumentInvalid(f"method must be one of {known}: {config.get('method')!r}")
    space = Space(
        config["method"],
        tuple(_parameters(config)),
        _metric(config),
        _run_cap(config),
        _early_terminate(config),
    )
    _check(space)
    return space


def stored(config: Mapping[str, Any]) -> dict[str, Any]:
    """The config as JSON."""
    found: dict[str, Any] = to_json(config)
    return found


def _parameters(config: Mapping[str, Any]) -> list[Parameter]:
    said = config.get("parameters")
    if not isinstance(said, Mapping) or not said:
        raise ArgumentInvalid("a sweep's config needs parameters")
    return sorted(_flat((), said), key=lambda parameter: parameter.path)


def _flat(path: tuple[str, ...], said: Mapping[str, Any]) -> Iterable[Parameter]:
    for name, inner in said.items():
        here = (*path, str(name))
        if not isinstance(inner, Mapping):
            raise ArgumentInvalid(f"parameter {'.'.join(here)!r} must be a dict, such as "
                                  f"{{'value': {inner!r}}}")  # fmt: skip
        if isinstance(inner.get("parameters"), Mapping):
            yield from _flat(here, inner["parameters"])
        else:
            yield parse(here, inner)


def _metric(config: Mapping[str, Any]) -> Metric | None:
    said = config.get("metric")
    if said is None:
        return None
    if not isinstance(said, Mapping) or not isinstance(said.get("name"), str):
        raise ArgumentInvalid(f"metric needs a name: {said!r}")
    goal = said.get("goal", "minimize")
    if goal not in ("minimize", "maximize"):
        raise ArgumentInvalid(f"the goal of the metric must be minimize or maximize: {goal!r}")
    return Metric(said["name"], goal)


def _run_cap(config: Mapping[str, Any]) -> int | None:
    cap = config.get("run_cap")
    if cap is not None and (not isinstance(cap, int) or isinstance(cap, bool) or cap < 1):
        raise ArgumentInvalid(f"run_cap must be a whole number of at least 1: {cap!r}")
    return cap


def _early_terminate(config: Mapping[str, Any]) -> Hyperband | None:
    said = config.get("early_terminate")
    return hyperband.understand(said) if said is not None else None


def _check(space: Space) -> None:
    if space.early_terminate is not None and space.metric is None:
        raise ArgumentInvalid("early_terminate needs a metric")
    if space.method == "bayes" and space.metric is None:
        raise ArgumentInvalid("a bayes sweep needs a metric")
    endless = [each.name for each in space.parameters if each.values is None or each.weighted]
    if space.method == "grid" and endless:
        raise ArgumentInvalid(
            "a grid needs parameters that are constant, categorical without probabilities, "
            f"int_uniform or q_uniform: {', '.join(endless)}"
        )
