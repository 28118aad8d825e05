"""Values of numpy and its kind made plain, and JSON of them as files have it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from wbart.errors import ArgumentTypeInvalid


def plain(value: Any) -> Any:
    """The value with arrays as lists and numpy's numbers as Python's, however deep."""
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    return value


def as_json(value: Any) -> bytes:
    """JSON as W&B writes it to files: short, UTF-8. Raises ArgumentTypeInvalid."""
    try:
        text = json.dumps(plain(value), separators=(",", ":"), ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise ArgumentTypeInvalid(f"it cannot be written as JSON: {error}") from error
    return text.encode()
