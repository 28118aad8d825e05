"""One parameter of a sweep: which values it has, and how they are distributed. W&B's words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, NoReturn

from wbart.errors import ArgumentInvalid

_LIMIT = 1_000_000
"""The most values that a range is spelled out to."""


@dataclass(frozen=True)
class Parameter:
    """A parameter, by its path in the config: nested ones have several names."""

    path: tuple[str, ...]
    at: Callable[[float], Any]
    """The value at a quantile: `[0, 1)` becomes the distribution. Without values it is monotone."""
    values: Sequence[Any] | None = None
    """All values, where they are finitely many."""
    unordered: bool = False
    """Whether the values are names rather than numbers."""
    weighted: bool = False
    """Whether some values are likelier than others; a grid knows no such thing."""

    @property
    def name(self) -> str:
        """The path in one text."""
        return ".".join(self.path)


def parse(path: tuple[str, ...], said: Mapping[str, Any]) -> Parameter:
    """The parameter that a config describes. Raises ArgumentInvalid, naming it."""
    kind = said.get("distribution") or _implied(path, said)
    made = _DISTRIBUTIONS.get(kind)
    if made is None:
        _refuse(path, f"has an unknown distribution: {kind!r}")
    try:
        return made(path, said)
    except KeyError as error:
        _refuse(path, f"of distribution {kind} needs {error}")
    except TypeError as error:
        _refuse(path, f"of distribution {kind} needs numbers: {error}")


def _implied(path: tuple[str, ...], said: Mapping[str, Any]) -> str:
    if "value" in said:
        return "constant"
    if "values" in said:
        return "categorical"
    if "mu" in said or "sigma" in said:
        return "normal"
    if "min" not in said or "max" not in said:
        _refuse(path, "needs value, values, min and max, or a distribution")
    return "int_uniform" if all(_is_whole(said[each]) for each in ("min", "max")) else "uniform"


def _constant(path: tuple[str, ...], said: Mapping[str, Any]) -> Parameter:
    value = said["value"]
    return Parameter(path, lambda u: value, [value], unordered=True)


def _categorical(path: tuple[str, ...], said: Mapping[str, Any]) -> Parameter:
    values = said["values"]
    if not isinstance(values, list | tuple) or not values:
        _refuse(path, "needs a list of values with something in it")
    if "probabilities" in said:
        return _weighted(path, said)
    count = len(values)
    return Parameter(path, lambda u: values[min(int(u * count), count - 1)], values, unordered=True)


def _weighted(path: tuple[str, ...], said: Mapping[str, Any]) -> Parameter:
    values, shares = said["values"], said["probabilities"]
    right = isinstance(shares, list | tuple) and len(shares) == len(values)
    if not right or any(share < 0 for share in shares) or abs(sum(shares) - 1) > 1e-6:
        _refuse(path, "needs as many probabilities as values, of the sum 1")

    def at(u: float) -> Any:
        for value, share in zip(values, shares, strict=True):
            u -= share
            if u < 0:
                return value
        return next(value for value, share in zip(values[::-1], shares[::-1], strict=True) if share)

    return Parameter(path, at, values, unordered=True, weighted=True)


def _int_uniform(path: tuple[str, ...], said: Mapping[str, Any]) -> Parameter:
    low, high = _bounds(path, said)
    if not _is_whole(low) or not _is_whole(high):
        _refuse(path, f"needs whole numbers as min and max: {low!r}, {high!r}")
    values = range(int(low), int(high) + 1)
    return Parameter(path, lambda u: values[min(int(u * len(values)), len(values) - 1)], values)


def _uniform(path: tuple[str, ...], said: Mapping[str, Any]) -> Parameter:
    low, high = _bounds(path, said)
    return Parameter(path, lambda u: low + u * (high - low))


def _q_uniform(path: tuple[str, ...], said: Mapping[str, Any]) -> Parameter:
    low, high = _bounds(path, said)
    step = _step(path, said)
    count = math.floor((high - low) / step + 1e-9) + 1
    if count > _LIMIT:
        _refuse(path, f"has more than {_LIMIT} values")
    values = [_tidy(low + number * step, low, step) for number in range(count)]
    return Parameter(path, lambda u: values[min(int(u * count), count - 1)], values)


def _log_uniform(path: tuple[str, ...], said: Mapping[str, Any]) -> Parameter:
    """min and max are exponents of e, as W&B has it."""
    low, high = _bounds(path, said)
    return Parameter(path, lambda u: math.exp(low + u * (high - low)))


def _inv_log_uniform(path: tuple[str, ...], said: Mapping[str, Any]) -> Parameter:
    low, high = _bounds(path, said)
    return Parameter(path, lambda u: math.exp(-(low + (1 - u) * (high - low))))


def _log_uniform_values(path: tuple[str, ...], said: Mapping[str, Any]) -> Parameter:
    low, high = _positive(path, said)
    return Parameter(path, lambda u: math.exp(low + u * (high - low)))


def _normal(path: tuple[str, ...], said: Mapping[str, Any]) -> Parameter:
    spread = NormalDist(*_bell(path, said))
    return Parameter(path, lambda u: spread.inv_cdf(_inside(u)))


def _log_normal(path: tuple[str, ...], said: Mapping[str, Any]) -> Parameter:
    spread = NormalDist(*_bell(path, said))
    return Parameter(path, lambda u: math.exp(spread.inv_cdf(_inside(u))))


_Maker = Callable[[tuple[str, ...], Mapping[str, Any]], Parameter]


def _rounded(made: _Maker) -> _Maker:
    """The same distribution on multiples of q."""

    def make(path: tuple[str, ...], said: Mapping[str, Any]) -> Parameter:
        step, inner = _step(path, said), made(path, said)
        return Parameter(path, lambda u: _tidy(round(inner.at(u) / step) * step, 0, step))

    return make


_DISTRIBUTIONS: Mapping[Any, _Maker] = {
    "constant": _constant,
    "categorical": _categorical,
    "categorical_w_probabilities": _weighted,
    "int_uniform": _int_uniform,
    "uniform": _uniform,
    "q_uniform": _q_uniform,
    "log_uniform": _log_uniform,
    "q_log_uniform": _rounded(_log_uniform),
    "log_uniform_values": _log_uniform_values,
    "q_log_uniform_values": _rounded(_log_uniform_values),
    "inv_log_uniform": _inv_log_uniform,
    # Where 1/x is log-uniform, x is, too.
    "inv_log_uniform_values": _log_uniform_values,
    "normal": _normal,
    "q_normal": _rounded(_normal),
    "log_normal": _log_normal,
    "q_log_normal": _rounded(_log_normal),
}


def _bounds(path: tuple[str, ...], said: Mapping[str, Any]) -> tuple[float, float]:
    low, high = said["min"], said["max"]
    if not low <= high or not math.isfinite(low) or not math.isfinite(high):
        _refuse(path, f"needs a min that is not above its max: {low!r}, {high!r}")
    return low, high


def _positive(path: tuple[str, ...], said: Mapping[str, Any]) -> tuple[float, float]:
    low, high = _bounds(path, said)
    if low <= 0:
        _refuse(path, f"needs a min above 0: {low!r}")
    return math.log(low), math.log(high)


def _bell(path: tuple[str, ...], said: Mapping[str, Any]) -> tuple[float, float]:
    mu, sigma = said.get("mu", 0.0), said.get("sigma", 1.0)
    if not sigma > 0:
        _refuse(path, f"needs a sigma above 0: {sigma!r}")
    return float(mu), float(sigma)


def _step(path: tuple[str, ...], said: Mapping[str, Any]) -> float:
    step: float = said.get("q", 1)
    if not step > 0:
        _refuse(path, f"needs a q above 0: {step!r}")
    return step


def _tidy(value: float, low: float, step: float) -> float:
    """A multiple as it would be written down: 0.3, not 0.30000000000000004."""
    if _is_whole(low) and _is_whole(step):
        return round(value)
    return round(value, 12)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _inside(u: float) -> float:
    return min(max(u, 1e-12), 1 - 1e-12)


def _refuse(path: tuple[str, ...], what: str) -> NoReturn:
    raise ArgumentInvalid(f"parameter {'.'.join(path)!r} {what}")
