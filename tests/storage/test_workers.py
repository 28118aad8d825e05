"""Pools of threads: they work, and let go of the process whenever Ctrl-C comes."""

from __future__ import annotations

import subprocess
import sys
from threading import Thread

import pytest

from wbart_storage.workers import Workers

_INTERRUPTED = """
from threading import Thread
from wbart_storage.workers import Workers

workers = Workers(2, "left-open")
start = Thread.start

def interrupted(thread):
    start(thread)
    raise KeyboardInterrupt

Thread.start = interrupted
try:
    workers.submit(abs, -1)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_what_is_submitted_is_done() -> None:
    workers = Workers(2, "w")

    assert list(workers.map(abs, [-1, -2])) == [1, 2]
    assert workers.submit(int, "7", base=8).result() == 7
    workers.shutdown()
    for _ in range(2):
        with pytest.raises(RuntimeError):
            workers.submit(print)


def test_ctrl_c_while_a_thread_starts_keeps_no_process_from_ending() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED], capture_output=True, text=True, timeout=30
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "interrupted\n", "")


def test_after_ctrl_c_more_work_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    workers = Workers(1, "w")
    start = Thread.start

    def interrupted(thread: Thread) -> None:
        start(thread)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Thread, "start", interrupted)
        with pytest.raises(KeyboardInterrupt):
            workers.submit(abs, -1)

    assert workers.submit(abs, -2).result() == 2
    workers.shutdown()
