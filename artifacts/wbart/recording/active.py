"""The runs of this process that have begun and not finished; the newest is the active one."""

from __future__ import annotations

import atexit
import concurrent.futures.thread  # noqa: F401 - it registers its own end first, see _at_exit
import logging
import os
import signal
import sys
import threading
from types import FrameType
from typing import TYPE_CHECKING

from wbart.errors import Error, UsageError

if TYPE_CHECKING:
    from wbart.recording.liverun import Run

log = logging.getLogger(__name__)

INTERRUPTED = 255
"""The exit code that W&B gives to Ctrl-C."""

_REINIT = (None, True, False, "default", "return_previous", "finish_previous", "create_new")
_runs: list[Run] = []


def active() -> Run | None:
    """The run that module-level calls go to; None outside any run."""
    return _runs[-1] if _runs else None


def the_active(call: str) -> Run:
    """The active run. Raises Error, in W&B's words, when there is none."""
    run = active()
    if run is None:
        raise Error(f"You must call wandb.init() before wandb.{call}()")
    return run


def previous(
    reinit: bool | str | None, id_: str | None, entity: str | None, project: str | None
) -> Run | None:
    """The active run if a new `init` means it; else None, and it is finished unless kept.

    Raises UsageError for a reinit that W&B does not know.
    """
    if reinit not in _REINIT:
        raise UsageError(f"reinit must be 'finish_previous' or 'create_new': {reinit!r}")
    run = active()
    if run is None or reinit == "create_new":
        return None
    same = (id_ in (None, run.id), entity in (None, run.entity), project in (None, run.project))
    if reinit in (True, "finish_previous") or not all(same):
        run.finish()
        return None
    log.warning("run %s is active and is returned again; finish it to begin another", run.path)
    return run


def enter(run: Run) -> None:
    """Make run the active one."""
    _watch_termination()
    _runs.append(run)


def exit_code(error: BaseException | None) -> int:
    """What a run's end by error, or by none, is called as an exit code."""
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    # A script that exits with 0 has not failed.
    code = error.code if isinstance(error, SystemExit) else error is not None
    return 1 if code else 0


def leave(run: Run) -> None:
    """The run is active no more; whichever was before it is again."""
    if run in _runs:
        _runs.remove(run)


def _finish_all() -> None:
    """A script that ends without `finish` still gets its uploads, and the state it deserves."""
    code = exit_code(getattr(sys, "last_value", None))
    for run in reversed(_runs.copy()):
        try:
            run.finish(exit_code=code)
        except Exception:
            # Nobody is left to catch it; the other runs still have to end.
            log.warning("run %s could not be finished", run.path, exc_info=True)


def _watch_termination() -> None:
    """Have SIGTERM noted by runs, where nobody else wants it; it ends the process as before."""
    if threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminated)


def _terminated(number: int, frame: FrameType | None) -> None:
    for run in _runs:
        run._recorder.mark_killed()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _at_exit() -> None:
    """Have the runs finished while threads can still be begun: uploads need them.

    The interpreter refuses new work of thread pools before it calls atexit's functions; what is
    registered with threading itself, after the pools were, is called earlier.
    """
    register = getattr(threading, "_register_atexit", atexit.register)
    register(_finish_all)


_at_exit()
if hasattr(os, "register_at_fork"):
    # A child has none of the threads that a run needs, and must not end its parent's runs.
    os.register_at_fork(after_in_child=_runs.clear)
