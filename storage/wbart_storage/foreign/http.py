"""Foreign objects on the web, by HTTP and HTTPS.

A URL comes from whoever wrote the manifest, so each hop is checked: the scheme, the address that
the host resolves to, and the connection goes to that very address. Proxies of the environment
are not asked, since nobody could check what they connect to.
"""

from __future__ import annotations

import base64
import socket
import ssl
from collections.abc import Mapping
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

from wbart_storage.clock import Clock, SystemClock
from wbart_storage.errors import ReferenceRefused, StorageError, StoreUnavailable
from wbart_storage.foreign.address import addresses
from wbart_storage.foreign.answer import NETWORK, Answer
from wbart_storage.foreign.foreign import Foreign, Reading, changed
from wbart_storage.foreign.pace import SECONDS, Connection
from wbart_storage.translate import one_line

_HOPS = 10


class Web:
    """Whatever URLs lead to. private: whether addresses count that are not everybody's."""

    def __init__(self, *, private: bool, clock: Clock | None = None) -> None:
        self._private = private
        self._clock = clock or SystemClock()
        self._tls: ssl.SSLContext | None = None

    def look(self, name: str, version: str = "") -> Foreign:
        """By GET as W&B does, since not every server answers HEAD; the body is not read."""
        answer = self._get(name, {})
        answer.close()
        return Foreign(without_secrets(name), name, answer.total, answer.etag)

    def open(self, seen: Foreign, start: int = 0, end: int | None = None) -> Reading:
        # Ranges of what has no strong tag might be pieces of different objects, and where nobody
        # knows the size, nobody knows which range is the last.
        ranged = seen.etag.startswith('"') and seen.size is not None
        asked = {}
        if ranged and (start or end is not None):
            asked["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
        answer = self._get(seen.name, asked)
        try:
            return _reading(answer, seen, start, end, whole=not asked)
        except StorageError:
            answer.close()
            raise

    def _get(self, url: str, headers: Mapping[str, str]) -> Answer:
        parts = origin = urlsplit(url)
        for _ in range(_HOPS):
            answer = self._ask(parts, origin, headers)
            try:
                if not answer.is_redirect:
                    answer.check()
                    return answer
            except StorageError:
                answer.close()
                raise
            answer.close()
            before, parts = parts, _followed(parts, answer)
            if before.scheme == "https" and parts.scheme == "http":
                raise ReferenceRefused(f"{without_secrets(url)} leads from https to http")
        raise StorageError(f"{without_secrets(url)} redirects more than {_HOPS} times")

    def _ask(self, parts: SplitResult, origin: SplitResult, headers: Mapping[str, str]) -> Answer:
        shown = without_secrets(parts.geturl())
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ReferenceRefused(f"{shown} is no URL of the web")
        sent = {
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Connection": "close",
            "User-Agent": "wbart",
            **headers,
        }
        if origin.username is not None and parts.netloc in (origin.netloc, _host(origin)):
            user = f"{unquote(origin.username)}:{unquote(origin.password or '')}"
            sent["Authorization"] = f"Basic {base64.b64encode(user.encode()).decode()}"
        path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
        query = f"?{quote(parts.query, safe='/%:@!$&()*+,;=~-._?[]')}" if parts.query else ""
        connection = self._connect(parts, shown)
        try:
            connection.request("GET", path + query, headers=sent)
            answered = connection.getresponse()
            return Answer(connection, answered, without_secrets(origin.geturl()))
        except NETWORK as error:
            connection.close()
            raise StoreUnavailable(f"{shown}: {one_line(error)}") from error

    def _connect(self, parts: SplitResult, shown: str) -> Connection:
        try:
            host = (parts.hostname or "").encode("idna").decode()
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except (ValueError, UnicodeError):
            raise ReferenceRefused(f"{shown} names no host that can be asked") from None
        failure: OSError | None = None
        for family, address in addresses(host, port, private=self._private):
            plain = socket.socket(family, socket.SOCK_STREAM)
            try:
                plain.settimeout(SECONDS)
                plain.connect((address, port))
                ready = self._wrapped(plain, host) if parts.scheme == "https" else plain
                return _at_port(Connection(host, port, ready, self._clock), parts)
            except OSError as error:
                plain.close()
                failure = error
        if isinstance(failure, ssl.SSLCertVerificationError):
            raise StorageError(f"{shown}: {failure.verify_message}") from failure
        raise StoreUnavailable(f"{shown}: {one_line(failure or OSError())}") from failure

    def _wrapped(self, plain: socket.socket, host: str) -> ssl.SSLSocket:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls.wrap_socket(plain, server_hostname=host)


def without_secrets(url: str) -> str:
    """The URL for a message: without user, query and fragment, all of which may hold secrets."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{_host(parts)}{parts.path}"


def _host(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]


def _followed(parts: SplitResult, answer: Answer) -> SplitResult:
    """Where a redirect leads from the URL."""
    try:
        return urlsplit(urljoin(parts.geturl(), answer.location))
    except ValueError:  # its text may hold what is secret
        raise ReferenceRefused(f"{answer.shown} leads to what is no URL") from None


def _at_port(connection: Connection, parts: SplitResult) -> Connection:
    """Let the Host header be what the URL says: no port where it names none."""
    if parts.port is None:
        connection.port = connection.default_port
    return connection


def _reading(answer: Answer, seen: Foreign, start: int, end: int | None, *, whole: bool) -> Reading:
    """The answer as what was asked for. ObjectChanged for one about another object."""
    now = Foreign(seen.uri, seen.name, answer.total, answer.etag)
    if seen.etag and now.tag != seen.tag:
        raise changed(seen, now)
    if start and answer.status != 206:
        raise StorageError(f"{seen.uri}: the server has no ranges after all")
    came = answer.end(start, None if whole else end)
    if whole and came not in (None, now.size):
        raise StorageError(f"{seen.uri}: the server sent a part, and all was asked for")
    return Reading(answer.pieces(), now.size, now.etag, end=came, close=answer.close)
