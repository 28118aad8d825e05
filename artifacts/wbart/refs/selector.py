"""Which version of a collection: by number, alias, digest or id; and the form of times in REFs."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from wbart import names
from wbart.errors import RefInvalid
from wbart_storage.clock import parse_time, rfc3339

_DIGEST = re.compile(r"(?:[a-z0-9]+:)?[0-9a-f]{4,128}")
_ID = re.compile(r"[A-Za-z0-9_=+-]+")
_LATEST_TIME = 253_402_300_799.0
"""The end of the year 9999, after which RFC 3339 has no words."""


@dataclass(frozen=True, slots=True)
class Selector:
    """One way to pick a version. As a text it is what stands behind the name in a REF.

    A digest may be cut short, down to four hexadecimal digits, with or without its algorithm.
    """

    kind: Literal["version", "alias", "digest", "id"]
    value: str

    def __post_init__(self) -> None:
        value = self.value
        if self.kind == "version":
            good = names.version_number(value) is not None
        elif self.kind == "digest":
            good = _DIGEST.fullmatch(value) is not None
        elif self.kind == "id":
            good = _ID.fullmatch(value) is not None
        else:
            # Wider than an alias may be: W&B's paths may hold `/` and `:` here, and find nothing.
            good = bool(value) and "#" not in value and "@{" not in value
            good = good and names.version_number(value) is None
        if not good:
            raise RefInvalid(f"Invalid artifact path: {value!r} is no {self.kind}")

    def __str__(self) -> str:
        return f"@{self.value}" if self.kind == "digest" else f":{self.value}"


def check_time(time: str | float) -> float:
    """The time in seconds since the epoch, whole microseconds; RefInvalid when it is none.

    Read are RFC 3339 texts, whole days among them, and plain seconds.
    """
    try:
        seconds = float(time) if _is_number(time) else parse_time(str(time))
    except (ValueError, OverflowError) as error:
        raise RefInvalid(f"Invalid artifact path: {time!r} is no time") from error
    if not math.isfinite(seconds) or not 0 <= seconds <= _LATEST_TIME:
        raise RefInvalid(f"Invalid artifact path: {time!r} is no time since 1970")
    return parse_time(rfc3339(seconds))


def time_of(seconds: float) -> str:
    """The text of a time."""
    return rfc3339(seconds)


def _is_number(time: str | float) -> bool:
    return not isinstance(time, str) or re.fullmatch(r"[0-9]{5,}(?:\.[0-9]+)?", time) is not None
