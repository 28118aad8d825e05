"""How long a server of the web may take: for all its headers, and for the bytes behind them."""

from __future__ import annotations

import http.client
import io
import math
import socket
from typing import Any, cast

from wbart_storage.clock import Clock

SECONDS = 30.0
"""For a connection, for each wait, and for all headers of one answer."""
_SPAN = 60.0
_LEAST = 60 << 10
"""Bytes of a body in each span; who sends fewer keeps us for ever."""


class Connection(http.client.HTTPConnection):
    """Speaks over a socket that is connected already.

    An answer that comes too slowly is a TimeoutError; only waiting counts, by the clock.
    """

    def __init__(self, host: str, port: int, plain: socket.socket, clock: Clock) -> None:
        super().__init__(host, port)
        self._paced = Paced(plain, clock)
        self.sock = cast(socket.socket, self._paced)

    def getresponse(self) -> http.client.HTTPResponse:
        response = super().getresponse()
        self._paced.headers_came()
        return response


class Paced:
    """A socket as `http.client` uses it, that minds the time."""

    def __init__(self, plain: socket.socket, clock: Clock) -> None:
        self._plain = plain
        self._clock = clock
        # Headers have no rate: they come in time or not.
        self._span, self._least = SECONDS, math.inf
        self._waited, self._came = 0.0, 0

    def sendall(self, data: bytes) -> None:
        self._plain.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        raw = self._plain.makefile(cast(Any, mode), buffering=0)
        return io.BufferedReader(_Reader(cast(io.RawIOBase, raw), self))

    def close(self) -> None:
        self._plain.close()

    def headers_came(self) -> None:
        """Expect a body from now on."""
        self._span, self._least = _SPAN, _LEAST
        self._waited, self._came = 0.0, 0

    def read(self, raw: io.RawIOBase, into: Any) -> int | None:
        """Read once; TimeoutError where too little has come in too long a time."""
        began = self._clock.monotonic()
        count: int | None = cast(Any, raw).readinto(into)
        self._waited += self._clock.monotonic() - began
        self._came += count or 0
        if count and self._waited >= self._span:
            if self._came < self._least:
                raise TimeoutError(f"only {self._came} bytes came in {self._waited:.0f} s")
            self._waited, self._came = 0.0, 0
        return count


class _Reader(io.RawIOBase):
    def __init__(self, raw: io.RawIOBase, paced: Paced) -> None:
        self._raw = raw
        self._paced = paced

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int | None:
        return self._paced.read(self._raw, into)

    def close(self) -> None:
        self._raw.close()
        super().close()
