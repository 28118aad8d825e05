"""How the command puts things into words for people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_FORMATTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def one_line(text: str) -> str:
    """The text on one line, with nothing in it that a terminal would obey."""
    return _CONTROL.sub(_escape, " ".join(text.split("\n")).strip())


def plain(text: str) -> str:
    """The text with its lines and tabs, and with nothing else that a terminal would obey."""
    return _FORMATTING.sub(_escape, text)


def count(number: int, noun: str, plural: str | None = None) -> str:
    """`1 file`, `1,204 files`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def size(number: int | None) -> str:
    """`11.0B`, `1.5KB`; `?` when it is not known."""
    from wbart.settings.sizes import human_size

    return "?" if number is None else human_size(number)


def moment(text: str | None) -> str:
    """An RFC 3339 time of ours to the second: `2026-11-21 04:05:06Z`; `-` for none."""
    return "-" if not text else f"{text[:10]} {text[11:19]}Z"


def duration(seconds: float) -> str:
    """`0.3 s`, `42 s`, `3 min 05 s`, `2 h 10 min`, `30 d 4 h`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 86400} d" + (f" {hours} h" if (hours := whole % 86400 // 3600) else "")


def table(rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> Iterator[str]:
    """The rows as lines with aligned columns; those of `right` are flush right."""
    held = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*held, strict=True)]
    for row in held:
        cells = (
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()


def _escape(found: re.Match[str]) -> str:
    return f"\\x{ord(found[0]):02x}"
