"""Foreign objects on the web, by HTTP and HTTPS.

A URL comes from whoever wrote the manifest, so each hop is checked: the scheme, the address that
the host resolves to, and the connection goes to that very address. Proxies of the environment
are not asked, since nobody could check what they connect to.
"""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

from wbart_storage.errors import (
    AccessDenied,
    ObjectMissing,
    ReferenceRefused,
    StorageError,
    StoreUnavailable,
)
from wbart_storage.foreign.address import addresses
from wbart_storage.foreign.foreign import Foreign, Reading, changed

_HOPS = 10
_SECONDS = 30.0
_PIECE = 1 << 20
_REDIRECTS = (301, 302, 303, 307, 308)
_LATER = (408, 425, 429)
_NETWORK = (OSError, http.client.HTTPException)


@dataclass(frozen=True, slots=True)
class _Answer:
    connection: http.client.HTTPConnection
    response: http.client.HTTPResponse

    @property
    def etag(self) -> str:
        return self.response.headers.get("ETag", "").strip()

    @property
    def total(self) -> int | None:
        """The size of the whole object; None where the server does not tell."""
        range_ = self.response.headers.get("Content-Range", "")
        if self.response.status in (206, 416):
            text = range_.rpartition("/")[2]
        else:
            text = self.response.headers.get("Content-Length", "")
        return int(text) if text.isascii() and text.isdigit() else None

    def close(self) -> None:
        self.response.close()
        self.connection.close()


class Web:
    """Whatever URLs lead to. private: whether addresses count that are not everybody's."""

    def __init__(self, *, private: bool) -> None:
        self._private = private
        self._tls: ssl.SSLContext | None = None

    def look(self, name: str, version: str = "") -> Foreign:
        """By GET as W&B does, since not every server answers HEAD; the body is not read."""
        answer = self._get(name, {})
        answer.close()
        return Foreign(without_secrets(name), name, answer.total, answer.etag)

    def open(self, seen: Foreign, start: int = 0, end: int | None = None) -> Reading:
        # Ranges of what has no strong tag might be pieces of different objects.
        strong = seen.etag.startswith('"')
        asked = {}
        if strong and (start or end is not None):
            asked["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
        answer = self._get(seen.name, asked)
        now = Foreign(seen.uri, seen.name, answer.total, answer.etag)
        if seen.etag and now.tag != seen.tag:
            answer.close()
            raise changed(seen, now)
        if start and answer.response.status != 206:
            answer.close()
            raise StorageError(f"{seen.uri}: the server has no ranges after all")
        return Reading(_body(answer, seen.uri), answer.total, answer.etag, close=answer.close)

    def _get(self, url: str, headers: Mapping[str, str]) -> _Answer:
        origin, parts = urlsplit(url), urlsplit(url)
        for _ in range(_HOPS):
            answer = self._ask(parts, origin, headers)
            status = answer.response.status
            if status not in _REDIRECTS:
                _check_status(answer, without_secrets(url))
                return answer
            target = answer.response.headers.get("Location", "")
            answer.close()
            before, parts = parts, urlsplit(urljoin(parts.geturl(), target))
            if before.scheme == "https" and parts.scheme == "http":
                raise ReferenceRefused(f"{without_secrets(url)} leads from https to http")
        raise StorageError(f"{without_secrets(url)} redirects more than {_HOPS} times")

    def _ask(self, parts: SplitResult, origin: SplitResult, headers: Mapping[str, str]) -> _Answer:
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
            return _Answer(connection, connection.getresponse())
        except _NETWORK as error:
            connection.close()
            raise StoreUnavailable(f"{shown}: {_reason(error)}") from error

    def _connect(self, parts: SplitResult, shown: str) -> http.client.HTTPConnection:
        try:
            host = (parts.hostname or "").encode("idna").decode()
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except (ValueError, UnicodeError):
            raise ReferenceRefused(f"{shown} names no host that can be asked") from None
        connection = http.client.HTTPConnection(host, port, timeout=_SECONDS)
        failure: OSError | None = None
        for family, address in addresses(host, port, private=self._private):
            plain = socket.socket(family, socket.SOCK_STREAM)
            try:
                plain.settimeout(_SECONDS)
                plain.connect((address, port))
                connection.sock = self._wrapped(plain, host) if parts.scheme == "https" else plain
                return _at_port(connection, parts)
            except OSError as error:
                plain.close()
                failure = error
        if isinstance(failure, ssl.SSLCertVerificationError):
            raise StorageError(f"{shown}: {failure.verify_message}") from failure
        raise StoreUnavailable(f"{shown}: {_reason(failure or OSError())}") from failure

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


def _at_port(
    connection: http.client.HTTPConnection, parts: SplitResult
) -> http.client.HTTPConnection:
    """Let the Host header be what the URL says: no port where it names none."""
    if parts.port is None:
        connection.port = connection.default_port
    return connection


def _check_status(answer: _Answer, shown: str) -> None:
    status = answer.response.status
    if status in (200, 206) or (status == 416 and answer.total == 0):
        return
    answer.close()
    message = f"{shown}: HTTP {status} {answer.response.reason}".rstrip()
    if status in (404, 410):
        raise ObjectMissing(shown)
    if status in (401, 403, 407):
        raise AccessDenied(message)
    raise (StoreUnavailable if status >= 500 or status in _LATER else StorageError)(message)


def _body(answer: _Answer, shown: str) -> Iterator[bytes]:
    try:
        if answer.response.status == 416:
            return
        while piece := answer.response.read(_PIECE):
            yield piece
    except _NETWORK as error:
        raise StoreUnavailable(f"{shown}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
