"""How the clients of S3 end: on the loop that they live on, whoever collects the garbage."""

from __future__ import annotations

import asyncio
from typing import Any


def ends_on_its_loop(fs: Any) -> Any:
    """The file system of s3fs, before it connects, with the end of its client mended.

    s3fs closes it as a task of whatever loop runs where the last reference goes: inside a
    notebook or an async program that fails, and says so in twenty lines on standard error.
    """
    theirs = getattr(fs, "close_session", None)
    if theirs is None:
        return fs  # another kind, which ends in its own way

    def close(loop: Any, creator: Any) -> None:
        if loop is not None and loop.is_running() and _in_a_loop():
            asyncio.run_coroutine_threadsafe(creator.__aexit__(None, None, None), loop)
        else:
            theirs(loop, creator)

    fs.close_session = close
    return fs


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
