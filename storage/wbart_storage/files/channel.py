"""What this process and one that it has started say to each other.

Each message is of the standard library's `marshal`, since both are the same Python, with its
length before it. A socket, and not two pipes: to write to one whose reader is gone sends no signal
that may end a program, and one descriptor is all it takes.
"""

from __future__ import annotations

import marshal
from select import POLLIN, poll
from struct import Struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from socket import socket

_LENGTH = Struct("<Q")


class Channel:
    """One end of a connected socket, which it closes. Used by one thread at a time.

    Raises OSError, or EOFError when nobody is at the other end any more.
    """

    def __init__(self, connected: socket) -> None:
        import socket  # loaded by whoever has one

        self._socket = connected
        self._flags: int = getattr(socket, "MSG_NOSIGNAL", 0)
        connected.setblocking(True)  # whatever this program has every new socket do

    def say(self, what: Any) -> None:
        """Send a message: of numbers, text, bytes, tuples, lists and None."""
        data = marshal.dumps(what)
        self._socket.sendall(_LENGTH.pack(len(data)) + data, self._flags)

    def hear(self) -> Any:
        """Wait for the next message."""
        (length,) = _LENGTH.unpack(self._next(_LENGTH.size))
        return marshal.loads(self._next(length))

    def has_word(self, seconds: float) -> bool:
        """Whether there is a message, or the other end is gone, within that time."""
        question = poll()
        question.register(self._socket, POLLIN)
        return bool(question.poll(seconds * 1000))

    def close(self) -> None:
        self._socket.close()

    def _next(self, size: int) -> bytearray:
        data = bytearray(size)
        rest = memoryview(data)
        while rest:
            got = self._socket.recv_into(rest)
            if not got:
                raise EOFError
            rest = rest[got:]
        return data
