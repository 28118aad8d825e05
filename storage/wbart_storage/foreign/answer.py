"""What a server of the web answers: its headers understood, its body not read yet.

All of it is a stranger's, so whatever makes no sense is an error of ours and never a guess.
"""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator
from dataclasses import dataclass

from wbart_storage.errors import AccessDenied, ObjectMissing, StorageError, StoreUnavailable
from wbart_storage.translate import one_line

NETWORK = (OSError, http.client.HTTPException)
"""What a connection may raise."""
_LARGEST = (1 << 63) - 1
_PIECE = 1 << 20
_REDIRECTS = (301, 302, 303, 307, 308)
_LATER = (408, 425, 429)
_RANGE = re.compile(r"bytes ([0-9]{1,19})-([0-9]{1,19})/(?:[0-9]+|\*)")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, and the connection that it comes by."""

    connection: http.client.HTTPConnection
    response: http.client.HTTPResponse
    shown: str
    """The URL that was asked for first, without its secrets."""

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def etag(self) -> str:
        return self._header("ETag").strip()

    @property
    def is_redirect(self) -> bool:
        return self.status in _REDIRECTS

    @property
    def location(self) -> str:
        """Where a redirect leads. Bytes that are no ASCII are UTF-8, as browsers take them."""
        text = self._header("Location")
        try:
            return text.encode("latin-1").decode()
        except UnicodeError:
            return text

    @property
    def total(self) -> int | None:
        """The size of the whole object; None where the server does not tell.

        Raises StorageError for a size that no file can have.
        """
        if self.status in (206, 416):
            text = self._header("Content-Range").rpartition("/")[2]
        else:
            text = self._header("Content-Length")
        if not (text.isascii() and text.isdigit()):
            return None
        digits = text.lstrip("0") or "0"
        if len(digits) > 19 or int(digits) > _LARGEST:
            raise StorageError(f"{self.shown}: no file has a size of {len(digits)} digits")
        return int(digits)

    def check(self) -> None:
        """Raise what the status means, unless it means that something lies there."""
        if self.status in (200, 206) or (self.status == 416 and self.total == 0):
            return
        message = f"{self.shown}: HTTP {self.status} {self.response.reason}".rstrip()
        if self.status in (404, 410):
            raise ObjectMissing(self.shown)
        if self.status in (401, 403, 407):
            raise AccessDenied(message)
        later = self.status >= 500 or self.status in _LATER
        raise (StoreUnavailable if later else StorageError)(message)

    def end(self, start: int, end: int | None) -> int | None:
        """Where the range ends that came, perhaps before what was asked; None where all came.

        Raises StorageError for a range that begins or ends elsewhere.
        """
        if self.status != 206:
            return None
        total = self.total
        found = _RANGE.fullmatch(self._header("Content-Range"))
        came = range(int(found[1]), int(found[2]) + 1) if found else range(0)
        most = min(each for each in (end, total, _LARGEST) if each is not None)
        if not came or came.start != start or came.stop > most:
            told = self._header("Content-Range") or "none"
            asked = f"{start}-{'' if end is None else end - 1}"
            raise StorageError(f"{self.shown}: asked for bytes {asked}, it sent {told:.80}")
        return came.stop

    def pieces(self) -> Iterator[bytes]:
        """The body as it comes."""
        try:
            while self.status != 416 and (piece := self.response.read(_PIECE)):
                yield piece
        except (*NETWORK, ValueError) as error:  # http.client trusts the sizes of chunks
            raise StoreUnavailable(f"{self.shown}: {one_line(error)}") from error

    def close(self) -> None:
        self.response.close()
        self.connection.close()

    def _header(self, name: str) -> str:
        return self.response.headers.get(name, "")
