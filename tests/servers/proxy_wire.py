"""What the proxy of the tests does on the wire: one connection of a client, and its faults."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from contextlib import suppress
from dataclasses import dataclass

from tests.servers.faults import Fault, Plan, Request

_PIECE = 256 * 1024
_STRIDE = 7919
_IDLE = 1.0
"""A connection to the server that was idle for longer is not used again: it may be closing."""


class _Gone(Exception):
    """The connection is to be reset, and no answer is owed."""


class _Over(Exception):
    """The connection is to be closed, though something is still owed."""


@dataclass(slots=True)
class Ends:
    """What the proxy stands between."""

    protocol: str
    real: int
    """The server's port."""
    ours: int = 0
    """The proxy's."""


class Connection:
    """One connection of a client, and the one to the server that serves it."""

    def __init__(
        self,
        ends: Ends,
        plan: Plan,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._ends, self._plan, self._reader, self._writer = ends, plan, reader, writer
        self._up: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._used = 0.0

    async def serve(self) -> None:
        try:
            while await self._exchange():
                pass
        except (_Gone, OSError, asyncio.IncompleteReadError):
            _reset(self._writer)
        except (_Over, asyncio.CancelledError):
            pass
        finally:
            self._drop_upstream()
            self._writer.close()

    async def _exchange(self) -> bool:
        """One request and its answer; False when the connection is to be closed."""
        head = await _head(self._reader)
        if head is None:
            return False
        first, headers = head
        method, path, _ = first.split(" ", 2)
        request = Request(method, path)
        if "100-continue" in headers.get("expect", "").lower():
            self._writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await _body(self._reader, headers)
        request.sent = len(body)
        fault = self._plan.note(request)
        await self._answer(request, _Message(first, headers, body), fault)
        return "close" not in headers.get("connection", "").lower()

    async def _answer(self, request: Request, message: _Message, fault: Fault | None) -> None:
        match fault.what if fault else "":
            case "reset":
                raise _Gone
            case "hang":
                await asyncio.sleep(fault.seconds if fault else 0)
                raise _Gone
            case "status" if fault is not None:
                await self._say(request, fault)
                return
            case "torn":
                await self._forward(message, torn=True)
                raise _Gone
            case "flip_request":
                message.body = _flipped(message.body)
            case "late":
                await asyncio.sleep(fault.seconds if fault else 0)
        await self._forward(message)
        await self._give_back(request, fault.what if fault else "")

    async def _say(self, request: Request, fault: Fault) -> None:
        request.status = fault.status
        extra, body = _error(self._ends.protocol, fault)
        retry = "" if fault.retry_after is None else f"Retry-After: {fault.retry_after}\r\n"
        head = f"HTTP/1.1 {fault.status} Fault\r\n{extra}{retry}Content-Length: {len(body)}\r\n\r\n"
        self._writer.write(head.encode() + (b"" if request.method == "HEAD" else body))
        await self._writer.drain()

    async def _forward(self, message: _Message, torn: bool = False) -> None:
        _, up = await self._upstream()
        up.write(message.head())
        up.write(message.body[: len(message.body) // 2] if torn else message.body)
        await up.drain()
        if torn:
            _reset(up)

    async def _give_back(self, request: Request, what: str) -> None:
        reader, _ = await self._upstream(again=True)
        head = await _head(reader)
        while head is not None and head[0].split(" ")[1].startswith("1"):
            head = await _head(reader)
        if head is None:
            raise _Gone
        first, headers = head
        request.status = int(first.split(" ")[1])
        bare = request.method == "HEAD" or request.status in (204, 304)
        if "chunked" in headers.get("transfer-encoding", "").lower() and not bare:
            await self._whole(request, first, headers, await _body(reader, headers), what)
        elif "content-length" not in headers and not bare:
            await self._whole(request, first, headers, await reader.read(), what)
        else:
            size = 0 if bare else int(headers.get("content-length", "0"))
            await self._piecewise(request, (first, headers), reader, size, what)
        self._used = time.monotonic()
        if "close" in headers.get("connection", "").lower() or first.startswith("HTTP/1.0"):
            self._drop_upstream()

    async def _whole(
        self, request: Request, first: str, headers: _Headers, body: bytes, what: str
    ) -> None:
        """An answer whose length is not told beforehand gets one, and is passed on."""
        headers.drop("transfer-encoding")
        headers.lines.append(f"Content-Length: {len(body)}")
        source = asyncio.StreamReader()
        source.feed_data(body)
        await self._piecewise(request, (first, headers), source, len(body), what)

    async def _piecewise(
        self,
        request: Request,
        head: tuple[str, _Headers],
        source: asyncio.StreamReader,
        size: int,
        what: str,
    ) -> None:
        if what == "lost":
            await _skip(source, size)
            raise _Gone
        first, headers = head
        headers.lead_to(self._ends)
        self._writer.write(_Message(first, headers, b"").head())
        middle, done = size // 2, 0
        if what == "flip" and size:  # noise does not strike twice in the same place
            middle = (middle + request.turn * _STRIDE) % size
        while done < size:
            wanted = min(_PIECE, size - done)
            if what in ("cut", "short", "flip") and done < middle:
                wanted = min(wanted, middle - done)
            flips = what == "flip" and done == middle
            if flips:
                wanted = 1
            piece = await source.readexactly(wanted)
            done += wanted
            # Before the client has it: its next look at the requests is to find it told.
            request.received = done
            self._writer.write(_flipped(piece) if flips else piece)
            await self._writer.drain()
            if what in ("cut", "short") and done >= middle:
                break
        if what == "cut":
            await asyncio.sleep(0)  # what was written is on its way before the reset
            raise _Gone
        if what == "short":
            raise _Over

    async def _upstream(
        self, again: bool = False
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The connection to the server; one that may be closing is not used for a new request."""
        idle = time.monotonic() - self._used > _IDLE
        if self._up and not again and (idle or self._up[0].at_eof()):
            self._drop_upstream()
        if self._up is None:
            self._up = await asyncio.open_connection("127.0.0.1", self._ends.real)
        return self._up

    def _drop_upstream(self) -> None:
        if self._up:
            self._up[1].close()
        self._up = None


class _Headers:
    """Header lines as they were sent, and their values by lower-case name."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines

    def get(self, name: str, default: str = "") -> str:
        for line in self.lines:
            found, _, value = line.partition(":")
            if found.lower() == name:
                return value.strip()
        return default

    def __contains__(self, name: object) -> bool:
        return any(line.partition(":")[0].lower() == name for line in self.lines)

    def drop(self, name: str) -> None:
        self.lines = [line for line in self.lines if line.partition(":")[0].lower() != name]

    def lead_to(self, ends: Ends) -> None:
        """Let an upload's address, which the server tells, lead to the proxy too."""
        real, ours = f"127.0.0.1:{ends.real}", f"127.0.0.1:{ends.ours}"
        self.lines = [
            line.replace(real, ours) if line.lower().startswith("location:") else line
            for line in self.lines
        ]


@dataclass(slots=True)
class _Message:
    first: str
    headers: _Headers
    body: bytes

    def head(self) -> bytes:
        """The head as it came; a chunked body was put together, so it has a length now."""
        if "chunked" in self.headers.get("transfer-encoding").lower():
            self.headers.drop("transfer-encoding")
            self.headers.lines.append(f"Content-Length: {len(self.body)}")
        self.headers.drop("expect")
        return "\r\n".join([self.first, *self.headers.lines, "", ""]).encode("latin-1")


async def _head(reader: asyncio.StreamReader) -> tuple[str, _Headers] | None:
    try:
        text = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = text.decode("latin-1")[:-4].split("\r\n")
    return first, _Headers(lines)


async def _body(reader: asyncio.StreamReader, headers: _Headers) -> bytes:
    if "chunked" not in headers.get("transfer-encoding").lower():
        return await reader.readexactly(int(headers.get("content-length", "0")))
    pieces = []
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        pieces.append(await reader.readexactly(size))
        await reader.readuntil(b"\r\n")
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass  # trailers
    return b"".join(pieces)


async def _skip(reader: asyncio.StreamReader, size: int) -> None:
    while size > 0:
        size -= len(await reader.readexactly(min(_PIECE, size)))


def _flipped(data: bytes) -> bytes:
    """The bytes with one bit of the middle one changed."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :] if data else data


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with a reset, not with the usual goodbye."""
    found = writer.get_extra_info("socket")
    with suppress(OSError):
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _error(protocol: str, fault: Fault) -> tuple[str, bytes]:
    """The header lines and the body of an error, in the words of the service."""
    code, status = fault.code or "InternalError", fault.status
    if protocol == "gs":
        body = (
            f'{{"error":{{"code":{status},"message":"{code}","errors":[{{"reason":"{code}"}}]}}}}'
        )
        return "Content-Type: application/json\r\n", body.encode()
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code>'
    body += f"<Message>{code}</Message></Error>"
    extra = f"x-ms-error-code: {code}\r\n" if protocol == "az" else ""
    return f"{extra}Content-Type: application/xml\r\n", body.encode()
