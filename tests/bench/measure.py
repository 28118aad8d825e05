"""Run one command as a child process and say what it cost."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took. The peak is that of its largest process, in bytes."""

    wall: float
    cpu: float
    peak: int


class CommandFailed(Exception):
    """A measured command ended with another code than 0, so its time means nothing."""

    def __init__(self, argv: Sequence[str], code: int, output: str) -> None:
        super().__init__(f"{' '.join(argv)}: exit code {code}: {output.strip()[-2000:]}")
        self.code = code


def measure(argv: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> Cost:
    """Run argv to its end, its output in the file log; raise CommandFailed unless it succeeds.

    The kernel counts our own memory at the time of the start as the child's, so the caller
    keeps small.
    """
    with log.open("wb") as output:
        start = time.perf_counter()
        child = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=env
        )
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            child.kill()
            child.wait()
            raise
        wall = time.perf_counter() - start
    # wait4 has taken the child away from under Popen, which is told so.
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise CommandFailed(argv, child.returncode, log.read_text(errors="replace"))
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit)
