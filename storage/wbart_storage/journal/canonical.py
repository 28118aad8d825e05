"""Canonical JSON: one value, one sequence of bytes. Digests hang on them, so we spell them out.

UTF-8, no spaces, keys sorted by code point; in strings `"`, `\\` and control characters below
U+0020 are escaped and nothing else; floats have the shortest form that reads back the same.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from json.encoder import encode_basestring as _quoted
from typing import Any, NoReturn

MAX_DEPTH = 128
"""How deep values may nest; deeper ones would meet the interpreter's own limit somewhere."""


def encode(value: object) -> bytes:
    """The canonical bytes of a value made of dict, list, tuple, str, int, float, bool and None.

    Raises ValueError for anything else: other types, keys that are no str, NaN and infinities,
    lone surrogates, nesting deeper than MAX_DEPTH.
    """
    return _text(value, MAX_DEPTH).encode()


def members(value: Mapping[str, object]) -> dict[str, str]:
    """The canonical text of each member of an object; ValueError as in `encode`."""
    return _members(value, MAX_DEPTH - 1)


def joined(texts: Mapping[str, str]) -> bytes:
    """The canonical bytes of the object whose members have these texts."""
    return _braced(texts).encode()


def decode(data: bytes) -> object:
    """The value of JSON bytes, canonical or not; ValueError when they are none.

    Numbers stay whole: no integer becomes a float, whatever its size.
    """
    try:
        value: object = json.loads(data.decode(), parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return value


def _text(value: object, depth: int) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return _float(value)
    if depth == 0:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, dict):
        return _object(value, depth - 1)
    if isinstance(value, list | tuple):
        return "[" + ",".join([_text(item, depth - 1) for item in value]) + "]"
    raise ValueError(f"JSON has no {type(value).__name__}")


def _object(value: Mapping[Any, object], depth: int) -> str:
    return _braced(_members(value, depth))


def _members(value: Mapping[Any, object], depth: int) -> dict[str, str]:
    texts: dict[str, str] = {}
    for name, item in value.items():
        if not isinstance(name, str):
            raise ValueError(f"JSON has no keys like {name!r}")
        texts[name] = _text(item, depth)
    return texts


def _braced(texts: Mapping[str, str]) -> str:
    return "{" + ",".join([f"{_quoted(name)}:{texts[name]}" for name in sorted(texts)]) + "}"


def _float(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError(f"JSON has no {value}")
    return float.__repr__(value)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"JSON has no {constant}")
