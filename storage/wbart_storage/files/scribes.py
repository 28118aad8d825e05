"""Scribes: processes that write small files for this one, as many as may work at once.

They are a help and nothing else: what a scribe did not do, for whatever reason, its answer says,
and the caller does it itself, and meets the error if there is one.
"""

from __future__ import annotations

import logging
import mmap
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit
from threading import Condition
from typing import TYPE_CHECKING

import wbart_manifest
import wbart_storage
from wbart_storage.files.channel import Channel
from wbart_storage.files.scribe import Order, Terms, Written

if TYPE_CHECKING:
    from socket import socket

log = logging.getLogger(__name__)

ROOM = 9 << 20
"""Bytes that can be given to a scribe at once."""
_PROGRAM = "import sys;sys.path[:]=sys.argv[1:];from wbart_storage.files.scribe import main;main()"
_DESCRIPTORS = 256
"""A process that may not open so many has none to spare."""
_PATIENCE = 10.0
"""Seconds that a scribe has for its end."""
_LOST = (OSError, EOFError, ValueError, TypeError)
"""What its calls raise when a scribe is gone, or has said half of what it had to say."""


class Scribes:
    """The scribes of one folder. Safe to share between threads."""

    def __init__(self, root: str, algorithm: str, count: int) -> None:
        self._root = os.path.abspath(root)
        self._algorithm = algorithm
        self._count = count
        self._starting: list[_Scribe] = []
        self._idle: list[_Scribe] = []
        self._busy = 0
        self._changed = Condition()

    def start(self) -> None:
        """Start them, where this machine can; they come to work when they are ready.

        Done once. A program that holds Python inside it has no other to start.
        """
        count, self._count = self._count, 0
        if not count or not _is_python(sys.executable) or not _has_room():
            return
        begun: list[_Scribe] = []
        try:
            for _ in range(count):
                begun.append(_Scribe())
                begun[-1].instruct(self._root, self._algorithm)
        except BaseException as error:
            for each in begun:
                each.end()
            if not isinstance(error, _LOST):
                raise
            log.info("no process to write files: %s", error)
            return
        with self._changed:
            self._starting += begun

    def write(self, data: bytes, orders: Sequence[Order]) -> Sequence[Written | None]:
        """Write files with the bytes of data; None for each that is left to the caller."""
        scribe = self._take() if len(data) <= ROOM else None
        if scribe is None:
            return [None] * len(orders)
        try:
            written = scribe.write(data, orders)
        except BaseException as error:
            self._leave(None)
            scribe.end()
            if not isinstance(error, _LOST):
                raise
            log.info("a process that writes files is lost: %s", error)
            return [None] * len(orders)
        self._leave(scribe)
        return written

    def close(self) -> None:
        """End them all; nobody writes any more."""
        while scribes := (*self._starting, *self._idle):
            self._starting, self._idle = [], []
            for each in scribes:
                each.end()

    def _take(self) -> _Scribe | None:
        """One that has nothing to do, waited for while any is at work."""
        with self._changed:
            while True:
                ready = [each for each in self._starting if each.is_ready()]
                self._starting = [each for each in self._starting if each not in ready]
                self._idle += ready
                if self._idle:
                    self._busy += 1
                    return self._idle.pop()
                if not self._busy:
                    return None
                self._changed.wait()

    def _leave(self, scribe: _Scribe | None) -> None:
        with self._changed:
            self._busy -= 1
            if scribe is not None:
                self._idle.append(scribe)
            self._changed.notify_all()


class _Scribe:
    """One such process, used by one thread at a time. Its calls raise what a lost one raises."""

    def __init__(self) -> None:
        from socket import socketpair  # like subprocess below loaded only here: both take time

        ours, theirs = socketpair()
        self._channel = Channel(ours)
        self._greeted = False
        try:
            with theirs:
                self._begin(theirs)
        except BaseException:
            self._channel.close()
            raise

    def _begin(self, theirs: socket) -> None:
        import subprocess

        self._descriptor = shared = os.memfd_create("wbart-scribe")
        try:
            os.ftruncate(shared, ROOM)
            self._shared = mmap.mmap(shared, ROOM)
            # A session of its own: Ctrl-C is meant for whoever waits for the files.
            self._process = subprocess.Popen(
                [sys.executable, "-S", "-c", _PROGRAM, *_roots()],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[shared],
                start_new_session=True,
            )
        finally:
            os.close(shared)

    def instruct(self, root: str, algorithm: str) -> None:
        """Say what it needs to know. It may not be there yet."""
        terms = Terms(os.fsencode(root), algorithm, self._descriptor, os.getpid())
        self._channel.say((*terms,))

    def is_ready(self) -> bool:
        """Whether it has said so, or has ended."""
        return self._channel.has_word(0)

    def write(self, data: bytes, orders: Sequence[Order]) -> Sequence[Written | None]:
        if not self._greeted:
            self._channel.hear()
            self._greeted = True
        self._shared[: len(data)] = data
        self._channel.say(list(orders))
        written: list[Written | None] = self._channel.hear()
        return written

    def end(self) -> None:
        """Let it end, and wait until it has."""
        from subprocess import TimeoutExpired

        with suppress(*_LOST):  # perhaps it has ended already
            self._channel.say(None)
        self._channel.close()
        try:
            self._process.wait(_PATIENCE)
        except TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._shared.close()


def _is_python(program: str | None) -> bool:
    frozen = getattr(sys, "frozen", False)
    return not frozen and os.path.basename(program or "").startswith(("python", "pypy"))


def _has_room() -> bool:
    """Whether there is memory that can be shared, and descriptors are not scarce."""
    most = getrlimit(RLIMIT_NOFILE)[0]
    return hasattr(os, "memfd_create") and (most == RLIM_INFINITY or most >= _DESCRIPTORS)


def _roots() -> list[str]:
    """Where modules are found here, ours first: perhaps by way of a hook that a scribe lacks."""
    ours = [
        os.path.dirname(os.path.dirname(os.path.abspath(module.__file__ or "")))
        for module in (wbart_storage, wbart_manifest)
    ]
    return [*ours, *(each for each in sys.path if isinstance(each, str))]
