"""What the machine does while a run runs: processor, memory, disk and network, sampled."""

from __future__ import annotations

import json
import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psutil

_MB = 1 << 20


class SystemMetrics:
    """Samples of this machine and this process, named as W&B names them. Serves one thread."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._sampled: float | None = None
        self._number = 0
        self._lines: list[bytes] = []

    def sample(self, runtime: float, now: float) -> None:
        """Take a sample if it is time; runtime and now in seconds."""
        if self._sampled is not None and runtime - self._sampled < self._interval:
            return
        self._sampled = runtime
        row = {**self._look(), "_step": self._number, "_runtime": runtime, "_timestamp": now}
        self._number += 1
        self._lines.append(json.dumps(row, separators=(",", ":")).encode() + b"\n")

    def take(self) -> bytes:
        """The samples since the last time, as JSON lines."""
        lines, self._lines = self._lines, []
        return b"".join(lines)

    @cached_property
    def _process(self) -> psutil.Process:
        import psutil

        process = psutil.Process()
        process.cpu_percent()  # the first answer of both has nothing to compare with
        psutil.cpu_percent()
        return process

    def _look(self) -> dict[str, Any]:
        import psutil  # here: a short run never samples, and need not pay for it

        memory, disk = psutil.virtual_memory(), psutil.disk_usage(os.sep)
        network = psutil.net_io_counters()
        process = self._process
        with process.oneshot():
            own = {
                "system.proc.cpu.percent": process.cpu_percent(),
                "system.proc.cpu.threads": process.num_threads(),
                "system.proc.memory.rssMB": process.memory_info().rss / _MB,
            }
        return {
            "system.cpu": psutil.cpu_percent(),
            "system.memory": memory.percent,
            "system.proc.memory.availableMB": memory.available / _MB,
            "system.disk./.usagePercent": disk.percent,
            "system.disk./.usageGB": disk.used / (1 << 30),
            **({} if network is None else {
                "system.network.sent": network.bytes_sent,
                "system.network.recv": network.bytes_recv,
            }),
            **own,
        }  # fmt: skip
