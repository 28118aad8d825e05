"""References to local files and folders: `file://`."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from wbart.errors import ArgumentInvalid
from wbart.references.references import FILE_SCHEME, reference
from wbart.references.scrub import scheme_in
from wbart_manifest.canonical_json import decode_object
from wbart_manifest.digest import Digest, digest_function
from wbart_manifest.entry import Entry
from wbart_manifest.path import canonical, check_column
from wbart_storage.disk import source_error
from wbart_storage.errors import ReferenceRefused
from wbart_storage.files.pump import Pump
from wbart_storage.files.scan import scan

if TYPE_CHECKING:
    from wbart.drafts.second import WandbDigests

Roots = tuple[Path, ...] | None
"""Folders below which references may be read; None: any."""
_BATCH = 32


@dataclass(frozen=True, slots=True)
class FileReferences:
    """What `file://` URIs refer to."""

    algorithm: str
    digests: WandbDigests | None
    roots: Roots = None
    jobs: int = 1

    def entries(
        self, uri: str, name: str | None, *, checksum: bool, max_objects: int
    ) -> list[Entry]:
        """One entry for a file; one for each file below a folder, unless checksum is off.

        Raises ArgumentInvalid when there is nothing, or more than max_objects: nothing is cut.
        """
        local = local_path(uri)
        check_root(local, self.roots)
        if os.path.isfile(local):
            path = canonical(name or os.path.basename(local))
            if not checksum:
                # Without a size: it would change the digest, and only the URI is to count.
                return [reference(path, uri, self._text(uri), None, {"unverified": True})]
            return self._batch([(path, uri, local)])
        if not os.path.isdir(local):
            raise ArgumentInvalid(f"Path {local!r} must be a valid file or directory path")
        if not checksum:
            path = canonical(name or os.path.basename(local.rstrip("/")))
            return [reference(path, uri, self._text(uri), None, {"folder": True})]
        found = list(self._below(uri, local, name, max_objects))
        if not found:
            raise ArgumentInvalid(f"there is no file below {uri}")
        return found

    def _below(self, uri: str, local: str, name: str | None, most: int) -> Iterator[Entry]:
        """The entries of a folder's files, in order, hashed by several threads."""
        pool = ThreadPoolExecutor(self.jobs, "wbart-refer")
        waiting: deque[Future[list[Entry]]] = deque()
        try:
            for batch in self._found(uri, local, name, most):
                waiting.append(pool.submit(self._batch, batch))
                if len(waiting) > 2 * self.jobs:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _found(
        self, uri: str, local: str, name: str | None, most: int
    ) -> Iterator[list[tuple[str, str, str]]]:
        """Path, URI and local path of each file, in batches; all were counted before the first."""
        prefix, base = (canonical(name) + "/" if name else ""), uri.rstrip("/")
        quoted = base.partition(":")[2] != f"//{local.rstrip('/')}"
        found: list[str] = []
        for batch in scan(local, links="files"):
            found += (each.path for each in batch)
            if len(found) > most:
                raise ArgumentInvalid(f"Exceeded {most} objects tracked below {uri}")
        check_column([prefix + path for path in found])
        for start in range(0, len(found), _BATCH):
            yield [
                (prefix + path, f"{base}/{quote(path) if quoted else path}", f"{local}/{path}")
                for path in found[start : start + _BATCH]
            ]

    def _batch(self, files: list[tuple[str, str, str]]) -> list[Entry]:
        extra = decode_object(self.digests.extra) if self.digests is not None else {}
        pump = Pump(self.algorithm)
        try:
            return [
                reference(path, uri, *self._digest(pump, local), extra)
                for path, uri, local in files
            ]
        finally:
            pump.close()

    def _digest(self, pump: Pump, local: str) -> tuple[str, int]:
        also = self.digests.second.hasher() if self.digests is not None else None
        fd = open_source(local, self.roots)
        try:
            raw, size = pump.digest(fd, also)
        except OSError as error:
            raise source_error(error, local) from error
        finally:
            os.close(fd)
        if self.digests is not None and also is not None:
            return self.digests.shown(also.digest()), size
        return str(Digest(self.algorithm, raw)), size

    def _text(self, uri: str) -> str:
        data = uri.encode()
        if self.digests is not None:
            return self.digests.shown(self.digests.second.of(data))
        return str(Digest(self.algorithm, digest_function(self.algorithm)(data)))


def sources(entries: Iterable[Entry]) -> list[str]:
    """The local files and folders that the entries' `file://` references read, each once.

    Absolute, and without links; what is a link itself comes under its own name, too. Nothing is
    opened, and a URI that leads to no local path is passed over.
    """
    real = lru_cache(1024)(_real)  # many files lie in few folders
    found: dict[str, None] = {}
    for entry in entries:
        if entry.reference is None or scheme_in(entry.reference.uri) != FILE_SCHEME:
            continue
        with suppress(ArgumentInvalid):
            found.update(dict.fromkeys(_places(local_path(entry.reference.uri), real)))
    return list(found)


def _real(path: str) -> str:
    return os.path.realpath(path)


def _places(local: str, real: Callable[[str], str]) -> list[str]:
    folder, name = os.path.split(local)
    if name in ("", os.curdir, os.pardir):
        return [os.path.realpath(local)]
    place = os.path.join(real(folder), name)
    return [place, os.path.realpath(place)] if os.path.islink(place) else [place]


def local_path(uri: str) -> str:
    """The local path of a `file://` URI.

    W&B takes what follows `file://` as it stands, so a file of that very name comes first; else
    its percent signs are what a URI means by them.
    """
    netloc, slash, path = uri.partition(":")[2].removeprefix("//").partition("/")
    if netloc not in ("", "localhost"):
        raise ArgumentInvalid(f"a file reference is absolute and names no machine: {uri!r}")
    plain = slash + path or os.sep
    local = plain if os.path.lexists(plain) else unquote(plain)
    if "\0" in local:
        raise ArgumentInvalid(f"a file reference is a path, which has no null: {uri!r}")
    return local


def check_root(local: str, roots: Roots) -> str:
    """The path without links, if it lies below an allowed folder. Raises ReferenceRefused."""
    real = os.path.realpath(local)
    if roots is None or any(map(partial(is_below, real), roots)):
        return real
    raise ReferenceRefused(f"reference_roots does not allow to read {local}")


def open_source(local: str, roots: Roots) -> int:
    """Open the file that a reference leads to, never by a link out of the allowed folders."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        if roots is None:
            return os.open(local, flags)
        return os.open(check_root(local, roots), flags | os.O_NOFOLLOW)
    except OSError as error:
        raise source_error(error, local) from error


def is_below(real: str, root: str | Path) -> bool:
    """Whether a path without links is the root or lies below it."""
    top = os.path.realpath(root)
    return real == top or real.startswith(top.rstrip("/") + "/")
