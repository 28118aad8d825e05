"""What a run's config, history and summary may hold, as JSON: W&B's conversions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from wbart.errors import ArgumentTypeInvalid
from wbart.metadata import friendly

_SPELLED = {math.inf: "Infinity", -math.inf: "-Infinity"}


def to_json(value: object) -> Any:
    """The value made of what JSON has; what is not finite becomes W&B's words for it.

    Raises TypeError for what has no such form.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else _SPELLED.get(value, "NaN")
    if isinstance(value, Mapping):
        return {str(name): to_json(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_json(item) for item in value]
    return to_json(friendly(value))


def flat(values: object, call: str) -> dict[str, Any]:
    """The values by dotted names, nested dicts taken apart. Raises TypeError, naming the call."""
    if not isinstance(values, Mapping):
        raise ArgumentTypeInvalid(f"wandb.{call} must be passed a dictionary")
    found: dict[str, Any] = {}
    for name, value in values.items():
        if not isinstance(name, str):
            raise ArgumentTypeInvalid(f"Key values passed to `wandb.{call}` must be strings")
        if isinstance(value, Mapping) and value:
            nested = flat(value, call)
            found.update((f"{name}.{below}", item) for below, item in nested.items())
        else:
            found[name] = to_json(value)
    return found
