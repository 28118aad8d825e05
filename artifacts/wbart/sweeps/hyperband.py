"""Hyperband's rule, as W&B's sweeps have it: which trials go on at a bracket, and where those lie.

Li, Jamieson, DeSalvo, Rostamizadeh, Talwalkar: Hyperband, https://arxiv.org/abs/1603.06560.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wbart.errors import ArgumentInvalid

_KEYS = frozenset({"type", "min_iter", "max_iter", "s", "eta", "strict"})
_MOST = 100
"""Brackets that follow from min_iter, as W&B counts them."""
_FURTHEST = 2**53


@dataclass(frozen=True)
class Hyperband:
    """Stops a trial at a bracket unless it is among the best 1/eta of those that got there."""

    brackets: tuple[int, ...]
    """After how many numbers of the metric a trial is judged; ascending."""
    eta: float
    strict: bool
    """Whether the number at the bracket counts, and not the best up to there."""

    def goes_on(self, now: float, best: float, there: Sequence[float]) -> bool:
        """Whether a trial passes, given the numbers of all that got there, its own among them.

        Small numbers are good ones. now is its number at the bracket, best its best so far.
        """
        threshold = sorted(there)[int(len(there) / self.eta)]
        return (now if self.strict else best) <= threshold


def understand(said: object) -> Hyperband:
    """What `early_terminate` of a sweep's config says. Raises ArgumentInvalid."""
    if not isinstance(said, Mapping) or said.get("type") != "hyperband":
        raise ArgumentInvalid(f"early_terminate must be a dict of type 'hyperband': {said!r}")
    unknown = sorted(map(str, said.keys() - _KEYS))
    if unknown:
        raise ArgumentInvalid(f"early_terminate does not have {', '.join(unknown)}")
    eta: Any = said.get("eta", 3)
    if not _is_number(eta) or not 1 < eta < _FURTHEST:
        raise ArgumentInvalid(f"eta of early_terminate must be greater than 1: {eta!r}")
    strict = said.get("strict", False)
    if not isinstance(strict, bool):
        raise ArgumentInvalid(f"strict of early_terminate must be True or False: {strict!r}")
    brackets = _from_last(said, eta) if "max_iter" in said else _from_first(said, eta)
    return Hyperband(tuple(sorted(set(brackets))), eta, strict)


def _from_last(said: Mapping[str, Any], eta: float) -> list[int]:
    """Brackets down from max_iter by factors of eta, s of them at most."""
    count: Any = said.get("s")
    place = float(_whole(said, "max_iter"))
    if not _is_number(count) or not count >= 1:
        raise ArgumentInvalid(f"max_iter of early_terminate needs s, at least 1: {count!r}")
    found: list[int] = []
    while len(found) < count and (place := place / eta) >= 1:
        found.append(int(place))
    if not found:
        raise ArgumentInvalid("early_terminate has no bracket: max_iter is less than eta")
    return found


def _from_first(said: Mapping[str, Any], eta: float) -> list[int]:
    """Brackets at min_iter, and on by factors of eta."""
    place = float(_whole(said, "min_iter"))
    found: list[int] = []
    while len(found) < _MOST and place <= _FURTHEST:
        found.append(int(place))
        place *= eta
    return found


def _whole(said: Mapping[str, Any], name: str) -> int:
    number: Any = said.get(name)
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= _FURTHEST:
        raise ArgumentInvalid(f"early_terminate needs {name}, a whole number above 0: {number!r}")
    return int(number)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
