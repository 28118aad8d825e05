"""What may go wrong on the way to a server, what falls on which request, and what was seen."""

from __future__ import annotations

import hashlib
import re
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from tests.servers.server import BUCKET

What: TypeAlias = Literal[
    "status",  # an answer of our own; the request does not reach the server
    "reset",  # a reset before the request reaches the server
    "lost",  # the request reaches the server; its answer is dropped, the connection reset
    "torn",  # half of the request's body reaches the server, then both connections are reset
    "hang",  # no answer for some seconds, then a reset; the request does not reach the server
    "late",  # the answer comes after some seconds
    "cut",  # a reset in the middle of the answer's body
    "short",  # the connection is closed in the middle of the answer's body
    "flip",  # one bit of the answer's body is another
    "flip_request",  # one bit of the request's body is another
]

_LONG = 3600.0


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong, and for which requests: those whose method and path (with the query) match.

    A rate is decided by the seed, the request and how often it came before: the same requests
    fare the same in whatever order they come, and in whichever bucket of a server of the tests.
    `times` bounds how often the fault happens.
    """

    what: What
    rate: float = 1.0
    method: str = ""
    """A regular expression for all of the method; empty for any."""
    path: str = ""
    """A regular expression that is searched in path and query."""
    times: int | None = None
    after: int = 0
    """So many requests that match are spared first."""
    seconds: float = _LONG
    """Of `hang` and `late`."""
    status: int = 500
    code: str = ""
    """The service's own word for the error, such as SlowDown."""
    retry_after: int | None = None

    def matches(self, method: str, path: str) -> bool:
        fits = not self.method or re.fullmatch(self.method, method) is not None
        return fits and re.search(self.path, path) is not None


@dataclass(slots=True)
class Request:
    """A request that the proxy saw. Times are of `time.monotonic`."""

    method: str
    path: str
    """With the query, as it was sent."""
    sent: int = 0
    """Bytes of its body."""
    status: int = 0
    """Of the server's answer, or ours; 0 where there was none."""
    received: int = 0
    """Bytes of the answer's body that the client was given."""
    fault: str = ""
    turn: int = 0
    """How often the same request came before."""
    began: float = field(default_factory=time.monotonic)


class Plan:
    """The faults that are due, and the requests that came. Used from one thread at a time."""

    def __init__(self, faults: Iterable[Fault], seed: int) -> None:
        self.faults: Sequence[Fault] = tuple(faults)
        self.seed = seed
        self.requests: list[Request] = []
        self._seen: Counter[tuple[str, str]] = Counter()
        self._done: Counter[Fault] = Counter()
        self._matched: Counter[Fault] = Counter()

    def note(self, request: Request) -> Fault | None:
        """Write the request down; the first fault that falls on it."""
        self.requests.append(request)
        about = request.method, request.path
        request.turn = self._seen[about]
        self._seen[about] += 1
        for number, fault in enumerate(self.faults):
            if not fault.matches(*about) or self._spent(fault):
                continue
            self._matched[fault] += 1
            if self._matched[fault] <= fault.after:
                continue
            path = BUCKET.sub("", request.path)
            if _draw(self.seed, number, request.method, path, self._seen[about]) < fault.rate:
                self._done[fault] += 1
                request.fault = fault.what
                return fault
        return None

    def _spent(self, fault: Fault) -> bool:
        return fault.times is not None and self._done[fault] >= fault.times


def _draw(*about: object) -> float:
    """A number from 0 to below 1 that hangs on nothing but the arguments."""
    made = hashlib.blake2b(repr(about).encode(), digest_size=8).digest()
    return float(int.from_bytes(made)) / 2.0**64
