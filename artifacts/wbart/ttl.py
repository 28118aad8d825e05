"""The time to live of a version: what may be set, how it is stored, when it ends."""

from __future__ import annotations

import re
from datetime import timedelta
from enum import Enum
from typing import Final, Literal, TypeAlias

from wbart.errors import ArgumentTypeInvalid, TtlInvalid
from wbart.names import is_reserved


class ArtifactTTL(Enum):
    """What a TTL may be besides a timedelta and None (which means: for ever)."""

    INHERIT = 0
    """Whatever the project or the entity says."""


Ttl: TypeAlias = ArtifactTTL | timedelta | None
Stored: TypeAlias = Literal["inherit"] | int | None
"""As the journal has it: "inherit", None for ever, or whole seconds of at least 1."""

MOST_SECONDS: Final = 2**53
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_TEXT = re.compile(r"([1-9][0-9]{0,8}) ?([smhdw])")
_AUTOMATIC: Final = ("run_table", "code", "job")


def check(value: object, type_: str, *, is_link: bool = False) -> Ttl:
    """The TTL that may be set on an artifact of this type. Nothing is changed before this.

    Raises TtlInvalid (a ValueError) for less than one second, on a link, or on a type that W&B
    makes by itself; ArgumentTypeInvalid (a TypeError) for what is no TTL at all.
    """
    if type_ in _AUTOMATIC or is_reserved(type_):
        raise TtlInvalid(f"Cannot set artifact TTL for type {type_!r}")
    if is_link:
        raise TtlInvalid("Cannot set TTL for link artifact. Unlink the artifact first.")
    if value is None or isinstance(value, ArtifactTTL):
        return value
    if not isinstance(value, timedelta):
        raise ArgumentTypeInvalid(
            f"TTL must be a timedelta, None or ArtifactTTL.INHERIT, not {type(value).__name__}"
        )
    if value < timedelta(seconds=1):
        raise TtlInvalid(f"TTL must be at least one second, not {value}")
    return value


def stored(ttl: Ttl) -> Stored:
    """The form that the journal has; parts of a second are dropped."""
    if isinstance(ttl, ArtifactTTL):
        return "inherit"
    return None if ttl is None else ttl // timedelta(seconds=1)


def restored(value: Stored) -> Ttl:
    """The TTL of its stored form."""
    if value == "inherit":
        return ArtifactTTL.INHERIT
    return timedelta(seconds=value) if isinstance(value, int) else None


def parse(text: str) -> Ttl:
    """What people write: 90s, 45m, 12h, 30d, 2w, never, inherit. TtlInvalid otherwise."""
    word = text.strip().lower()
    if word in ("never", "inherit"):
        return None if word == "never" else ArtifactTTL.INHERIT
    found = _TEXT.fullmatch(word)
    if not found:
        raise TtlInvalid(f"not a time to live such as 12h, 30d, 2w, never or inherit: {text!r}")
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])


def expiry(created_at: float, ttl: Stored, default: int | None) -> float | None:
    """When a version ends, in seconds since the epoch; None: never.

    It counts from the creation, however late the TTL was set. Default is the project's or the
    entity's, in seconds, for versions that inherit.
    """
    seconds = default if ttl == "inherit" else ttl
    return None if seconds is None else created_at + seconds
