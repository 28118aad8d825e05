"""A process of its own that writes small files for the one that started it (`scribes`).

A file is four calls of the kernel, and threads of one interpreter hand its lock around at each of
them. What is wanted comes through a channel, the bytes through memory that both share; the answers
leave through the channel. Paths are bytes there, since each process has an encoding of its own.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable
from typing import NamedTuple, NoReturn

from wbart_manifest.digest import digest_function
from wbart_storage.errors import StorageError
from wbart_storage.files.channel import Channel
from wbart_storage.files.folder import Folder
from wbart_storage.files.stamp import look

Order = tuple[bytes, int, int, bytes]
"""A file's path below the root, where its bytes begin and end, and their digest."""
Written = tuple[bytes, int]
"""The stamp of a file that was written, and when it changed last."""
Answer = list[Written | None] | bool
READY = True
"""The first answer, before anything is asked."""
_GLANCE = 0.5
"""Seconds after which an idle scribe looks whether its parent is alive."""


class Terms(NamedTuple):
    """What a scribe is told once."""

    root: bytes
    algorithm: str
    shared: int
    """The descriptor of the memory that both share."""
    parent: int
    """Whom it serves: without that process it ends."""


def main() -> NoReturn:
    """Serve whoever is at the other end of standard input, a socket, until told to end.

    Never returns: Python needs no tidy end.
    """
    from socket import socket  # not for whoever reads only the names above

    try:
        channel = Channel(socket(fileno=0))
        _serve(Terms._make(channel.hear()), channel)
    except (EOFError, OSError):
        pass  # nobody is there any more
    finally:
        os._exit(0)


def _serve(terms: Terms, channel: Channel) -> None:
    digest = digest_function(terms.algorithm)
    shared = memoryview(mmap.mmap(terms.shared, 0, prot=mmap.PROT_READ))
    with Folder(os.fsdecode(terms.root)) as folder:
        answer: Answer = READY
        while True:
            channel.say(answer)
            while not channel.has_word(_GLANCE):
                _stay(terms.parent)  # a fork of the parent may hold the channel open after it
            orders: list[Order] | None = channel.hear()
            if orders is None:
                return
            answer = [_write(folder, order, shared, digest, terms.parent) for order in orders]


def _write(
    folder: Folder,
    order: Order,
    shared: memoryview,
    digest: Callable[[memoryview], bytes],
    parent: int,
) -> Written | None:
    """Write one file; None for what went wrong, which whoever asked finds out by doing it."""
    path, begin, end, wanted = order
    data = shared[begin:end]
    _stay(parent)
    if digest(data) != wanted:
        return None
    try:
        status = folder.write(os.fsdecode(path), data)
    except StorageError:
        return None
    return look(status)


def _stay(parent: int) -> None:
    """Return if the parent is alive, else raise EOFError."""
    if os.getppid() != parent:
        raise EOFError
