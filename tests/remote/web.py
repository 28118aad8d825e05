"""A small web server of the tests, and houses whose references reach the servers."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from tests.artifacts.house import House
from tests.servers import Server

from wbart.recording.surroundings import enter, leave
from wbart.workspace import Workspace


@dataclass
class Page:
    """What a path answers."""

    body: bytes = b""
    etag: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    has_length: bool = True
    has_ranges: bool = True
    most: int | None = None
    """A range has no more bytes than this."""
    range_: str = ""
    """What is said of the range that comes; empty for the truth."""
    cut: int | None = None
    """So many bytes come, and then the connection ends."""


@dataclass
class Web:
    """A running server: its pages, and what it was asked."""

    url: str
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    def page(self, path: str, body: bytes = b"hello", etag: str = "", **more: Any) -> str:
        """Put a page at the path; its URL."""
        self.pages[path] = Page(body, etag, **more)
        return self.url + path

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        web = cast(Web, self.server.web)  # type: ignore[attr-defined]
        web.asked.append((self.path, dict(self.headers)))
        page = web.pages.get(self.path, Page(b"none", status=404))
        status, body = page.status, page.body
        first, end = "0", len(body)
        asked = self.headers.get("Range")
        if asked is not None and page.has_ranges and status == 200:
            first, _, last = asked.removeprefix("bytes=").partition("-")
            end = min(int(last) + 1, len(body)) if last else len(body)
            end = end if page.most is None else min(end, int(first) + page.most)
            status, body = 206, body[int(first) : end]
        self.send_response(status)
        if status == 206:
            told = page.range_ or f"bytes {first}-{end - 1}/{len(page.body)}"
            self.send_header("Content-Range", told)
        if page.etag:
            self.send_header("ETag", page.etag)
        for name, value in page.headers.items():
            self.send_header(name, value)
        if page.has_length:
            self.send_header("Content-Length", str(len(body)))
        else:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        try:
            self.wfile.write(body if page.cut is None else body[: page.cut])
        except OSError:
            pass  # who only looks reads no body
        if page.cut is not None:
            page.cut = None
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def web() -> Iterator[Web]:
    """A web server on a free port of the loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        found = Web(f"http://127.0.0.1:{server.server_port}")
        server.web = found  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def reaching(house: House, **settings: Any) -> Iterator[House]:
    """The house with other settings about references."""
    workspace = Workspace(replace(house.workspace.settings, **settings), house.workspace.store)
    enter(workspace)
    try:
        yield House(house.folder, workspace, house.clock)
    finally:
        leave(workspace)


def options_of(server: Server) -> dict[str, Mapping[str, object]]:
    """Options with which references to the server are read."""
    return {server.protocol: server.options}
