"""Run one command as a child process and say what it cost."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PAUSE = 0.02
_PEAK = re.compile(r"^VmHWM:\s*(\d+) kB", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took. The peak is that of its own process, in bytes."""

    wall: float
    cpu: float
    peak: int


class CommandFailed(Exception):
    """A measured command ended with another code than 0, so its time means nothing."""

    def __init__(self, argv: Sequence[str], code: int, output: str) -> None:
        super().__init__(f"{' '.join(argv)}: exit code {code}: {output.strip()[-2000:]}")
        self.code = code


def measure(argv: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> Cost:
    """Run argv to its end, its output in the file log; raise CommandFailed unless it succeeds."""
    with log.open("wb") as output:
        start = time.perf_counter()
        child = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=env
        )
        watch = _Watch(child.pid)
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            child.kill()
            child.wait()
            raise
        finally:
            watch.end()
        wall = time.perf_counter() - start
    # wait4 has taken the child away from under Popen, which is told so.
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise CommandFailed(argv, child.returncode, log.read_text(errors="replace"))
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(wall, usage.ru_utime + usage.ru_stime, watch.peak or usage.ru_maxrss * unit)


class _Watch:
    """Reads the peak of a process again and again until it ends; 0 where there is no /proc.

    What the kernel tells at the end would not do: a child's peak begins with its parent's.
    """

    def __init__(self, pid: int) -> None:
        self.peak = 0
        self._status = Path(f"/proc/{pid}/status")
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """The process has ended."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(_PAUSE):
            try:
                found = _PEAK.search(self._status.read_text())
            except OSError:
                return
            if found:  # a process that has ended and was not waited for has none
                self.peak = int(found[1]) * 1024
