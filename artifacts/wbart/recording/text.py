"""Texts that a run can keep: what no encoding has a form for would make its record unreadable."""

from __future__ import annotations

from wbart.errors import ArgumentTypeInvalid


def storable(text: str) -> str:
    """The text, with U+FFFD for each half of a surrogate pair that stands alone.

    Names of files that are not UTF-8 bring them along, as Python reads those.
    """
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def said(what: str, value: object) -> str | None:
    """What is said of a run: a text, or a number as one. Raises ArgumentTypeInvalid."""
    if value is None:
        return None
    if not isinstance(value, str | int | float):
        raise ArgumentTypeInvalid(f"{what} of a run must be text, not {type(value).__name__}")
    return storable(str(value))
