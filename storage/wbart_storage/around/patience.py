"""Asking again what may be asked again: for reads that are no calls of an object store."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from wbart_storage.around.retry import full_jitter
from wbart_storage.clock import SystemClock
from wbart_storage.errors import StorageError

log = logging.getLogger(__name__)

BUDGET = 30.0
"""Seconds after which no new try begins."""
_Result = TypeVar("_Result")


def patiently(
    call: Callable[[], _Result],
    name: str,
    pauses: Callable[[], Iterator[float]] = full_jitter,
    wait: Callable[[float], None] = time.sleep,
) -> _Result:
    """Call, and call again while the error is transient and the time is not up."""
    clock = SystemClock()
    deadline = clock.monotonic() + BUDGET
    rest = pauses()
    while True:
        try:
            return call()
        except StorageError as error:
            pause = next(rest, None) if error.transient else None
            if pause is None or clock.monotonic() + pause > deadline:
                raise
            log.info("%s failed, again in %.2f s: %s", name, pause, error)
            wait(pause)
