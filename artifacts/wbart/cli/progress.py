"""How long work is shown on stderr: a bar on a terminal, else lines, or JSON lines.

Nothing is shown of work that is over in a moment, and `rich` is imported only for a bar.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from types import TracebackType
from typing import Any, Final, Protocol, Self, TextIO

from wbart.cli import words
from wbart.cli.call import Call
from wbart_storage.clock import Clock, SystemClock
from wbart_storage.progress import Event

SOON: Final = 0.3
"""Seconds of work before anything is shown to somebody who looks on."""
SLOW: Final = 10.0
"""Seconds between lines when nobody asked for them, so that a log shows that work goes on."""

_DOING: Final = {
    "scan": "looking",
    "hash": "hashing",
    "upload": "storing",
    "download": "writing",
    "verify": "verifying",
    "commit": "committing",
    "import": "importing",
}


class Painter(Protocol):
    """Shows how far work has come."""

    def paint(self, event: Event, seconds: float) -> None:
        """Show the event; seconds is how long this kind of work has taken so far."""

    def close(self) -> None:
        """Take away what should not stay."""


class Meter:
    """The progress of one command: call it with events, from any thread."""

    def __init__(self, painter: Painter | None, clock: Clock, first: float, every: float) -> None:
        self._painter = painter
        self._clock = clock
        self._every = every
        self._next = clock.monotonic() + first
        self._kind = ""
        self._began = self._last = clock.monotonic()
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        if self._painter is None:
            return
        with self._lock:
            now = self._clock.monotonic()
            if event.kind != self._kind:
                # Its first bytes took the time since the last event of the kind before.
                self._kind, self._began = event.kind, self._last
            self._last = now
            if now >= self._next:
                self._next = now + self._every
                self._painter.paint(event, now - self._began)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._painter is not None:
            with self._lock:
                self._painter.close()
                self._painter = None


class Lines:
    """A line of text now and then."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def paint(self, event: Event, seconds: float) -> None:
        """Print the line."""
        print(told(event, seconds), file=self._stream, flush=True)

    def close(self) -> None:
        """Lines stay."""


class JsonLines:
    """An object a line, for programs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def paint(self, event: Event, seconds: float) -> None:
        """Print the object."""
        print(json.dumps(facts(event, seconds)), file=self._stream, flush=True)

    def close(self) -> None:
        """Lines stay."""


class Bar:
    """A bar on a terminal; gone when the work is done."""

    def __init__(self) -> None:
        self._shown: Any = None
        self._task: Any = None

    def paint(self, event: Event, seconds: float) -> None:
        """Draw the bar, or move it on."""
        shown = self._shown or self._start()
        shown.update(
            self._task,
            description=told(event, seconds),
            completed=event.size if event.total_size else event.files,
            total=event.total_size or event.total_files,
        )

    def close(self) -> None:
        """Take the bar away."""
        if self._shown is not None:
            self._shown.stop()

    def _start(self) -> Any:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._shown = Progress(
            BarColumn(bar_width=24),
            TextColumn("{task.description}", markup=False),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._shown.add_task("")
        self._shown.start()
        return self._shown


def meter(call: Call, clock: Clock | None = None) -> Meter:
    """The progress that the call asks for."""
    clock = clock or SystemClock()
    mode = "none" if call.progress == "auto" and call.quiet else call.progress
    if mode == "none" or sys.stderr is None:
        return Meter(None, clock, 0, 0)
    if mode == "json":
        return Meter(JsonLines(sys.stderr), clock, SOON, 0.5)
    if mode == "plain":
        return Meter(Lines(sys.stderr), clock, SOON, 1.0)
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        return Meter(Bar(), clock, SOON, 0.1)
    return Meter(Lines(sys.stderr), clock, SLOW, SLOW)


def facts(event: Event, seconds: float) -> dict[str, object]:
    """The event with throughput (bytes a second) and seconds left, null where not known."""
    return {
        "kind": event.kind,
        "files": event.files,
        "size": event.size,
        "total_files": event.total_files,
        "total_size": event.total_size,
        "seconds": round(seconds, 3),
        "rate": round(event.size / seconds) if seconds > 0 else None,
        "left": None if (left := _left(event, seconds)) is None else round(left, 1),
    }


def told(event: Event, seconds: float) -> str:
    """`storing 12 of 602 files, 4.0MB of 10.0MB, 2.0MB/s, 3.0 s left`.

    Of runs that are imported nobody knows the size: `importing 12 of 602 runs, 3.0 s left`.
    """
    runs = event.kind == "import"
    files = words.count(event.total_files or event.files, "run" if runs else "file")
    if event.total_files:
        files = f"{event.files:,} of {files}"
    size = words.size(event.size)
    if event.total_size:
        size += f" of {words.size(event.total_size)}"
    parts = [f"{_DOING[event.kind]} {files}"] if runs else [f"{_DOING[event.kind]} {files}", size]
    if seconds > 0 and event.size:
        parts.append(f"{words.size(round(event.size / seconds))}/s")
    left = _left(event, seconds)
    if left is not None:
        parts.append(f"{words.duration(left)} left")
    return ", ".join(parts)


def _left(event: Event, seconds: float) -> float | None:
    """Seconds until the end, if it goes on as it went; by bytes where they are known."""
    done, total = event.size, event.total_size
    if not total:
        done, total = event.files, event.total_files
    if not total or done <= 0 or seconds <= 0:
        return None
    return max(0.0, seconds * (total - done) / done)
