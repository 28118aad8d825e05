"""Sizes as people write and read them: '50GB', '10 GiB', '10%', '11.0B'."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_UNITS: Final = ("B", "KB", "MB", "GB", "TB", "PB", "EB")
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*(?:([kmgtpe])(i?)b?|b)?", re.IGNORECASE)
_SHARE = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*%")


@dataclass(frozen=True, slots=True)
class Capacity:
    """How much room something may take: a number of bytes, or a share of the disk."""

    size: int | None = None
    share: float | None = None

    @classmethod
    def parse(cls, text: str) -> Capacity:
        """Read '50GB', '10 GiB', '1048576' or '10%'; ValueError for anything else."""
        found = _SHARE.fullmatch(text.strip())
        if not found:
            return cls(size=parse_size(text))
        share = float(found[1]) / 100
        if share > 1:
            raise ValueError(f"a share of the disk is at most 100%, not {text.strip()!r}")
        return cls(share=share)

    def of(self, total: int) -> int:
        """The number of bytes on a disk of total bytes."""
        if self.share is None:
            return self.size or 0
        return int(total * self.share)

    def __str__(self) -> str:
        return f"{self.size}B" if self.share is None else f"{self.share * 100:.12g}%"


def parse_size(text: str) -> int:
    """The bytes that '11', '1.5 GB' (1000s) or '10GiB' (1024s) means; ValueError otherwise."""
    found = _SIZE.fullmatch(text.strip())
    if not found:
        raise ValueError(f"not a size such as 500MB, 50GB or 10GiB: {text!r}")
    number, prefix, binary = found.groups()
    power = "kmgtpe".index(prefix.lower()) + 1 if prefix else 0
    factor = int((1024 if binary else 1000) ** power)
    whole, _, fraction = number.partition(".")
    # Exact for every size: a float would lose the last bytes above 8 PiB.
    return int(whole or 0) * factor + int(fraction or 0) * factor // int(10 ** len(fraction))


def human_size(size: int) -> str:
    """The size as W&B's `artifact ls` shows it: '11.0B', '1.5KB', thousands of 1000."""
    value = float(size)
    for unit in _UNITS[:-1]:
        if round(value, 1) < 1000:
            return f"{round(value, 1)}{unit}"
        value /= 1000
    return f"{round(value, 1)}{_UNITS[-1]}"
