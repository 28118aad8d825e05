"""A proxy in front of a server: it counts requests, and spoils those that its faults name.

    with proxied(server, faults=[Fault("lost", rate=0.3, method="PUT")], seed=1) as proxy:
        store = create_store(url, storage_options=proxy.server.options)
    proxy.count("PUT")

Bytes and headers pass unchanged (the Host too, so signatures hold), but for `Expect`, which the
proxy answers, and a `Location` that would lead round the proxy. It runs in a thread of its own.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from tests.servers.faults import Fault, Plan, Request
from tests.servers.proxy_wire import Connection, Ends
from tests.servers.server import Server

__all__ = ["Fault", "Proxy", "Request", "proxied"]


class Proxy:
    """What `proxied` gives: where it listens, what it saw, and the faults, which may be changed."""

    def __init__(self, server: Server, through: Server, plan: Plan) -> None:
        self.upstream = server
        self.server = through
        """The server by way of the proxy."""
        self._plan = plan

    @property
    def faults(self) -> Sequence[Fault]:
        return self._plan.faults

    @faults.setter
    def faults(self, faults: Iterable[Fault]) -> None:
        self._plan.faults = tuple(faults)

    @property
    def requests(self) -> list[Request]:
        """All requests that came since the start, or since `forget`."""
        return list(self._plan.requests)

    def matching(self, method: str = "", path: str = "") -> list[Request]:
        """The requests whose method and path fit, by the regular expressions of a fault."""
        wanted = Fault("late", method=method, path=path)
        return [each for each in self.requests if wanted.matches(each.method, each.path)]

    def count(self, method: str = "", path: str = "") -> int:
        return len(self.matching(method, path))

    def forget(self) -> None:
        """Begin counting anew."""
        self._plan.requests.clear()


@contextmanager
def proxied(server: Server, faults: Iterable[Fault] = (), seed: int = 1) -> Iterator[Proxy]:
    """A proxy in front of the server until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="proxy", daemon=True)
    thread.start()
    plan = Plan(faults, seed)
    listening, port = asyncio.run_coroutine_threadsafe(_listen(server, plan), loop).result()
    try:
        yield Proxy(server, server.through(port), plan)
    finally:
        asyncio.run_coroutine_threadsafe(_stop(listening), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _listen(server: Server, plan: Plan) -> tuple[asyncio.Server, int]:
    ends = Ends(server.protocol, server.port)

    held = set[object]()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A client that is killed may leave a task that waits, and that nobody else refers to.
        task = asyncio.current_task()
        held.add(task)
        try:
            await Connection(ends, plan, reader, writer).serve()
        finally:
            held.discard(task)

    listening = await asyncio.start_server(accept, "127.0.0.1", 0, backlog=1024)
    ends.ours = listening.sockets[0].getsockname()[1]
    return listening, ends.ours


async def _stop(listening: asyncio.Server) -> None:
    listening.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
