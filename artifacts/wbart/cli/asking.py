"""Questions before something is destroyed: on a terminal only; else it takes --yes."""

from __future__ import annotations

import sys

from wbart.cli.call import Call
from wbart.cli.stop import Refused


def confirm(call: Call, question: str) -> None:
    """Go on when --yes was given or somebody at the terminal says so.

    Without a terminal nobody is asked: Refused, exit code 11. So too when the answer is no.
    """
    if call.yes:
        return
    if call.machine or call.quiet or not _on_terminal():
        raise Refused(f"nobody confirmed: {question}", "-y says yes")
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Refused("nothing was done", "-y says yes without asking")


def _on_terminal() -> bool:
    streams = (sys.stdin, sys.stderr)
    return all(stream is not None and stream.isatty() for stream in streams)
