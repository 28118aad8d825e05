"""JSON objects made flat, so that a dotted key is one look-up however it came to be dotted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_PLAIN = frozenset({str, int, float, bool, type(None), list})
"""Told quickly from objects, which is what large documents are slow by."""


def flatten(document: Mapping[str, object]) -> dict[str, object]:
    """All values by dotted key: those within objects, and the objects themselves.

    A key that holds dots itself goes before the same path through objects.
    """
    flat: dict[str, object] = {}
    _add(flat, "", document)
    return flat


def _add(flat: dict[str, object], prefix: str, document: Mapping[str, object]) -> None:
    keys: Iterable[str] = document
    if "." in "".join(keys):
        # Sorted by dots: what a user dotted himself has more of them at this level, and wins.
        keys = sorted(keys, key=lambda key: -key.count("."))
    for key in keys:
        value = document[key]
        flat.setdefault(prefix + key, value)
        if type(value) not in _PLAIN and isinstance(value, Mapping):
            _add(flat, f"{prefix}{key}.", value)
