"""What a run's config, history and summary may hold, as JSON: W&B's conversions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from wbart.drafts.metadata import DEPTH, friendly
from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid
from wbart.media.histogram import Histogram
from wbart.recording.media import Keep, is_media
from wbart.recording.text import storable

_BITS = 1024
"""What a float can be as large as; readers of JSON refuse numbers without an end."""
_SPELLED = {math.inf: "Infinity", -math.inf: "-Infinity"}


def to_json(value: object, depth: int = DEPTH) -> Any:
    """The value made of what JSON has; what is not finite becomes W&B's words for it.

    Raises TypeError for what has no such form, ValueError for what is nested too deeply.
    """
    check_depth(depth)
    if isinstance(value, str):
        return storable(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return (
            value if value.bit_length() <= _BITS else _SPELLED[math.inf if value > 0 else -math.inf]
        )
    if isinstance(value, float):
        return value if math.isfinite(value) else _SPELLED.get(value, "NaN")
    if isinstance(value, Mapping):
        return {storable(str(name)): to_json(item, depth - 1) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_json(item, depth - 1) for item in value]
    if isinstance(value, Histogram):
        return value.to_json()
    return to_json(friendly(value), depth - 1)


def flat(values: object, call: str, keep: Keep | None = None, depth: int = DEPTH) -> dict[str, Any]:
    """The values by dotted names, nested dicts taken apart. Raises TypeError, naming the call.

    keep makes JSON of media objects; without it there are none.
    """
    if not isinstance(values, Mapping):
        raise ArgumentTypeInvalid(f"wandb.{call} must be passed a dictionary")
    check_depth(depth)
    found: dict[str, Any] = {}
    for name, value in values.items():
        if not isinstance(name, str):
            raise ArgumentTypeInvalid(f"Key values passed to `wandb.{call}` must be strings")
        if isinstance(value, Mapping) and value:
            nested = flat(value, call, keep, depth - 1)
            found.update((f"{name}.{below}", item) for below, item in nested.items())
        else:
            found[name] = keep(name, value) if keep and is_media(value) else to_json(value)
    return found if all(map(str.isascii, found)) else _storable_names(found)


def _storable_names(values: dict[str, Any]) -> dict[str, Any]:
    return {storable(name): value for name, value in values.items()}


def check_depth(depth: int) -> None:
    """Raise ArgumentInvalid when no depth is left: what lies in itself would never end."""
    if depth == 0:
        raise ArgumentInvalid(f"a value is nested deeper than {DEPTH} levels, or in itself")
