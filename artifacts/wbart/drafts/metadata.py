"""Metadata: what W&B accepts, turned into JSON of our own, deep and independent of the caller.

numpy, torch, jax and TensorFlow values are known by their shape; none of them is imported.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from typing import Any, Final

from wbart.errors import ArgumentTypeInvalid, MetadataInvalid

KEYS: Final = 100
"""The most keys at the top level; nested ones are not counted."""
SIZE: Final = 512 * 1024
"""The most bytes of metadata as JSON. It travels in a record of the journal."""
DESCRIPTION_SIZE: Final = 64 * 1024
"""The most bytes of a description, in UTF-8."""
DEPTH: Final = 100
"""How deep values may nest; what refers to itself meets this, too."""
_ARRAY_LISTED: Final = 32
"""Up to so many elements an array becomes a list; a larger one only its repr."""


def normalize(value: object) -> dict[str, Any]:
    """The metadata as a new dict of JSON values; None and "" are {}; a JSON object is read.

    Raises ArgumentTypeInvalid (a TypeError) for what JSON cannot hold, MetadataInvalid (a
    ValueError) for infinities, too many keys, too many bytes. The message names the place.
    """
    if isinstance(value, str):
        value = _read(value) if value else {}
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ArgumentTypeInvalid(f"metadata must be a dict, not {type(value).__name__}")
    if len(value) > KEYS:
        raise MetadataInvalid(f"metadata has {len(value)} keys, at most {KEYS} are kept")
    found = _dict(value, "metadata", DEPTH)
    size = _size(found)
    if size > SIZE:
        raise MetadataInvalid(f"metadata has {size} bytes as JSON, at most {SIZE} are kept")
    return found


def friendly(value: object) -> object:
    """One value made plainer, one level deep: W&B's conversion of what JSON does not know.

    Numbers may still be infinite, and items still need conversion. Raises ArgumentTypeInvalid
    for an object of the language itself that has no such form.
    """
    return _settled(_plain(value, "value"), "value")


def description(value: object) -> str | None:
    """Check a description: None or text, any Markdown, at most DESCRIPTION_SIZE bytes."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise ArgumentTypeInvalid(f"description must be text or None, not {type(value).__name__}")
    size = len(_text(value, "description").encode())
    if size > DESCRIPTION_SIZE:
        raise MetadataInvalid(f"description has {size} bytes, at most {DESCRIPTION_SIZE} are kept")
    return value


def _read(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MetadataInvalid(f"metadata is not JSON: {error}") from error


def _size(found: object) -> int:
    return len(json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode())


def _json(value: object, at: str, depth: int) -> Any:
    """One value; the order of the cases is W&B's, and matters (an IntEnum is an Enum first)."""
    if depth == 0:
        raise MetadataInvalid(f"metadata is nested deeper than {DEPTH} levels, or in itself")
    value = _plain(value, at)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return _text(value, at)
    if isinstance(value, float):
        return _float(value, at)
    if isinstance(value, Mapping):
        return _dict(value, at, depth - 1)
    if isinstance(value, set | frozenset):
        value = _sorted(value, at, depth - 1)
    if isinstance(value, list | tuple):
        return [_json(item, f"{at}[{i}]", depth - 1) for i, item in enumerate(value)]
    return _json(_settled(value, at), at, depth - 1)


_SETTLED = (str, int, float, Mapping, set, frozenset, list, tuple)


def _settled(value: object, at: str) -> object:
    """What is left: a dataclass is a dict of its fields, any other object what it says it is."""
    if value is None or isinstance(value, _SETTLED):
        return value
    if is_dataclass(value):
        # One level at a time: asdict() would copy what is converted anyway.
        return {each.name: getattr(value, each.name) for each in fields(value)}
    if type(value).__module__ == "builtins":
        raise ArgumentTypeInvalid(f"{at} is a {type(value).__name__}, which JSON cannot hold")
    return str(value)


def _plain(value: object, at: str) -> object:
    """Values that W&B turns into plainer ones before JSON sees them."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, slice):
        return {
            "slice_start": value.start,
            "slice_step": value.step,
            "slice_stop": value.stop,
        }
    if isinstance(value, bytes):
        return _decoded(value, at)
    if isinstance(value, date):
        return value.isoformat()
    library = type(value).__module__.partition(".")[0]
    if library in ("numpy", "torch", "jax", "jaxlib", "tensorflow"):
        return _unboxed(value)
    if callable(value):
        name = getattr(value, "__qualname__", None)
        module = getattr(value, "__module__", None)
        return f"{module}.{name}" if name and module else str(value)
    return value


def _unboxed(value: Any) -> object:
    """Arrays and scalars of the numeric libraries, by what they can do."""
    for method in ("detach", "cpu", "numpy"):
        value = getattr(value, method, lambda value=value: value)()
    if not isinstance(getattr(value, "ndim", None), int) or not hasattr(value, "tolist"):
        return str(value)
    if value.ndim == 0:
        found = value.tolist()
        return found if isinstance(found, bool | int | float | str | bytes) else str(found)
    if value.size == 1:
        return str(value.flatten()[0])
    return value.tolist() if value.size <= _ARRAY_LISTED else str(value)


def _dict(value: Mapping[Any, object], at: str, depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in value.items():
        name = _key(key, at)
        if name in found:
            raise MetadataInvalid(f"{at} has two keys that JSON writes as {name!r}")
        found[name] = _json(item, f"{at}[{name!r}]", depth)
    return found


def _key(key: object, at: str) -> str:
    """A key as `json.dumps` writes it: 1 is "1", None is "null", True is "true"."""
    if isinstance(key, str):
        return _text(str.__str__(key), at)
    if type(key).__module__ == "numpy":
        key = _unboxed(key)
    if key is None or isinstance(key, bool | int | float):
        return json.dumps(None if key is None else _float(key, at))
    raise ArgumentTypeInvalid(f"{at} has a key that is a {type(key).__name__}")


def _float(value: float, at: str) -> float | None:
    if math.isnan(value):
        return None
    if math.isinf(value):
        raise MetadataInvalid(f"{at} is infinite, which JSON cannot hold")
    return value


def _text(value: str, at: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise MetadataInvalid(f"{at} holds half a surrogate pair, which is no text") from error
    return value


def _decoded(value: bytes, at: str) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise MetadataInvalid(f"{at} holds bytes that are not UTF-8") from error


def _sorted(values: set[Any] | frozenset[Any], at: str, depth: int) -> list[Any]:
    """A set in an order that does not hang on the hash seed."""
    try:
        return sorted(values)
    except TypeError:
        return sorted(values, key=lambda each: json.dumps(_json(each, at, depth), sort_keys=True))
