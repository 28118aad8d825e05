"""References: entries whose bytes stay where they are (programming model, section 8).

Here: local files and folders, other artifacts, and schemes that nothing is known of.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from wbart.errors import ArgumentInvalid
from wbart.scrub import scrub
from wbart_manifest.canonical_json import decode_object, encode_object
from wbart_manifest.digest import Digest, digest_function
from wbart_manifest.entry import Entry, Reference
from wbart_manifest.location import REFERENCE, Location
from wbart_manifest.path import canonical, check_column
from wbart_storage.disk import source_error
from wbart_storage.pump import Pump
from wbart_storage.scan import scan

if TYPE_CHECKING:
    from wbart.second import WandbDigests

MAX_OBJECTS = 10_000_000
ARTIFACT_SCHEME = "wandb-artifact"


def reference(path: str, uri: str, digest: str, size: int | None, extra: object = None) -> Entry:
    """The entry of a reference, its URI without credentials."""
    packed = encode_object(extra) if isinstance(extra, dict) and extra else b""
    return Entry(path, size, b"", Reference(scrub(uri), digest, packed), Location(REFERENCE))


def scheme_of(uri: object) -> str:
    """The scheme of a URI. Raises for what is none, as W&B words it."""
    if not isinstance(uri, str):
        raise TypeError(f"a reference is a URI or an entry, not {type(uri).__name__}")
    scheme = urlsplit(uri).scheme
    if not scheme:
        raise ArgumentInvalid(
            f"References must be URIs. To reference a local file, use file://: {uri!r}"
        )
    return scheme


class FileReferences:
    """What `file://` URIs refer to. Serves one thread."""

    def __init__(self, algorithm: str, digests: WandbDigests | None) -> None:
        self._algorithm = algorithm
        self._digests = digests

    def entries(
        self, uri: str, name: str | None, *, checksum: bool, max_objects: int
    ) -> list[Entry]:
        """One entry for a file; one for each file below a folder, unless checksum is off.

        Raises ArgumentInvalid when there is nothing, or more than max_objects: nothing is cut.
        """
        local = local_path(uri)
        if os.path.isfile(local):
            path = canonical(name or os.path.basename(local))
            return [self._entry(path, uri, local, checksum)]
        if not os.path.isdir(local):
            raise ArgumentInvalid(f"Path {local!r} must be a valid file or directory path")
        if not checksum:
            path = canonical(name or os.path.basename(local.rstrip("/")))
            return [reference(path, uri, self._text_digest(uri), None, {"folder": True})]
        return list(self._below(uri, local, name, max_objects))

    def _below(self, uri: str, local: str, name: str | None, most: int) -> Iterator[Entry]:
        prefix, base = (canonical(name) + "/" if name else ""), uri.rstrip("/")
        quoted = base != f"file://{local.rstrip('/')}"
        count = 0
        for batch in scan(local, links="skip"):
            count += len(batch)
            if count > most:
                raise ArgumentInvalid(f"Exceeded {most} objects tracked below {uri}")
            check_column([prefix + found.path for found in batch])
            for found in batch:
                below = quote(found.path) if quoted else found.path
                yield self._entry(
                    prefix + found.path, f"{base}/{below}", f"{local}/{found.path}", True
                )

    def _entry(self, path: str, uri: str, local: str, checksum: bool) -> Entry:
        if not checksum:
            # Without a size: it would change the digest, and only the URI is to count.
            return reference(path, uri, self._text_digest(uri), None, {"unverified": True})
        digest, size = self._file_digest(local)
        extra = decode_object(self._digests.extra) if self._digests is not None else {}
        return reference(path, uri, digest, size, extra)

    def _file_digest(self, local: str) -> tuple[str, int]:
        also = self._digests.second.hasher() if self._digests is not None else None
        pump = Pump(self._algorithm)
        try:
            fd = os.open(local, os.O_RDONLY | os.O_CLOEXEC)
            try:
                raw, size = pump.digest(fd, also)
            finally:
                os.close(fd)
        except OSError as error:
            raise source_error(error, local) from error
        finally:
            pump.close()
        if self._digests is not None and also is not None:
            return self._digests.shown(also.digest()), size
        return str(Digest(self._algorithm, raw)), size

    def _text_digest(self, uri: str) -> str:
        data = uri.encode()
        if self._digests is not None:
            return self._digests.shown(self._digests.second.of(data))
        return str(Digest(self._algorithm, digest_function(self._algorithm)(data)))


def local_path(uri: str) -> str:
    """The local path of a `file://` URI.

    W&B takes what follows `file://` as it stands, so a file of that very name comes first; else
    its percent signs are what a URI means by them.
    """
    netloc, slash, path = uri.removeprefix("file:").removeprefix("//").partition("/")
    if netloc not in ("", "localhost"):
        raise ArgumentInvalid(f"a file reference is absolute and names no machine: {uri!r}")
    plain = slash + path or os.sep
    return plain if os.path.lexists(plain) else unquote(plain)


def unknown(uri: str, name: str | None, warn: Callable[[str], None]) -> Entry:
    """The entry of a URI that nothing is known of: it is kept as it is."""
    if not name:
        raise ArgumentInvalid(
            f"You must pass name when adding a reference with an unknown scheme: {uri!r}"
        )
    warn(f"nothing can be checked or downloaded by this URI, it is only kept: {scrub(uri)}")
    return reference(canonical(name), uri, scrub(uri), None)
