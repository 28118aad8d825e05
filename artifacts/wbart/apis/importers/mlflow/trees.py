"""The files of a run or a model: in a folder of this machine, or in a bucket."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import unquote, urlsplit

from wbart.errors import Error, NotFound
from wbart.recording import surroundings
from wbart.references.scrub import scrub

if TYPE_CHECKING:
    from wbart.artifact import Artifact
    from wbart_storage.foreign.foreign import Foreign, ForeignObjects
    from wbart_storage.foreign.uri import Target

_BUCKETS = ("s3", "s3a", "gs", "abfs", "abfss", "wasb", "wasbs")
_SERVED: Final = "mlflow-artifacts"
SERVED_IN: Final = "mlartifacts"
"""Where a server keeps these, beside its database, unless it is told otherwise."""
_SHORTEST, _LONGEST = 2, 6
"""Names at the end of a path by which a folder is found again that moved with its store."""


class Tree(Protocol):
    """Files below a place."""

    @property
    def exists(self) -> bool:
        """Whether there is a place to look at."""
        ...

    def marks(self) -> object:
        """What differs once the files do; JSON."""
        ...

    def add_to(self, draft: Artifact, below: str | None) -> None:
        """Add all files to a draft, below a folder of it. Raises Error, StorageError."""
        ...


@dataclass(frozen=True, slots=True)
class LocalTree:
    """Files of this machine: a folder, or a single file."""

    path: Path

    @property
    def exists(self) -> bool:
        return self.path.exists()

    def marks(self) -> object:
        return sorted(
            [os.path.relpath(path, self.path), status.st_size, status.st_mtime_ns]
            for path, status in _walk(self.path)
        )

    def add_to(self, draft: Artifact, below: str | None) -> None:
        if self.path.is_dir():
            draft.add_dir(str(self.path), below, policy="immutable")
        else:
            name = f"{below}/{self.path.name}" if below else None
            draft.add_file(str(self.path), name, policy="immutable")


@dataclass(frozen=True, slots=True)
class BucketTree:
    """Objects below a prefix of a bucket, read with the settings of references."""

    uri: str

    @property
    def exists(self) -> bool:
        return True

    def marks(self) -> object:
        _, prefix, found = self._below()
        return [[each.name[len(prefix) :], each.size, each.tag] for each in found]

    def add_to(self, draft: Artifact, below: str | None) -> None:
        from wbart_manifest.path import check
        from wbart_storage.files.folder import Folder
        from wbart_storage.foreign.fetch import fetch

        objects, prefix, found = self._below()
        with scratch() as folder, Folder(str(folder)) as target:
            for each in found:
                path = check(each.name[len(prefix) :])
                with target.replacing(path, direct=False) as fd:
                    fetch(objects, each, fd)
            draft.add_dir(str(folder), below)

    def _below(self) -> tuple[ForeignObjects, str, Iterator[Foreign]]:
        from wbart_storage.foreign.foreign import Lists
        from wbart_storage.foreign.listing import below

        where = self._where()
        objects = surroundings.current().outside.at(where)
        if not isinstance(objects, Lists):
            raise Error(f"no files can be listed at {scrub(self.uri)}")
        prefix = where.key.rstrip("/") + "/" if where.key else ""
        return objects, prefix, below(objects, prefix)

    def _where(self) -> Target:
        where = surroundings.current().outside.target(self.uri)
        if where is None:
            raise Error(f"no files can be read at {scrub(self.uri)}")
        return where


@dataclass(frozen=True, slots=True)
class NoTree:
    """Files that cannot be reached from here, and why."""

    reason: str

    @property
    def exists(self) -> bool:
        return False

    def marks(self) -> object:
        return None

    def add_to(self, draft: Artifact, below: str | None) -> None:
        raise NotFound(self.reason)


@dataclass(frozen=True, slots=True)
class FetchedTree:
    """Files that somebody else fetches: the client of a server."""

    listed: Callable[[], object]
    fetch: Callable[[Path], Path]
    """Writes them into an empty folder; where they lie there."""

    @property
    def exists(self) -> bool:
        return bool(self.listed())

    def marks(self) -> object:
        return self.listed()

    def add_to(self, draft: Artifact, below: str | None) -> None:
        with scratch() as folder:
            draft.add_dir(str(self.fetch(folder)), below)


def tree_at(uri: str, bases: Sequence[Path]) -> Tree:
    """The files at a URI of a store whose own folders are bases: it may have moved as a whole."""
    scheme = urlsplit(uri).scheme.lower()
    if scheme in _BUCKETS:
        return BucketTree(uri)
    if not urlsplit(uri).path.strip("/."):
        return NoTree(f"no place of artifacts: {scrub(uri)!r}")
    if scheme == _SERVED and not any(base.name == SERVED_IN and base.is_dir() for base in bases):
        return NoTree(f"{scrub(uri)} is kept by a server: import from its URL")
    if scheme in ("", "file", _SERVED):
        return LocalTree(_local(uri, scheme, bases))
    return NoTree(f"{scrub(uri)} can be read through MLflow's server only")


def _local(uri: str, scheme: str, bases: Sequence[Path]) -> Path:
    path = Path(unquote(urlsplit(uri).path) if scheme else uri)
    if scheme == _SERVED:
        # What a server keeps for its clients, under a folder of its own.
        path = Path(str(path).lstrip("/"))
    if path.is_absolute() and path.exists():
        return path
    names = [name for name in path.parts if name != path.anchor]
    for count in (len(names), *range(_LONGEST, _SHORTEST - 1, -1)):
        for base in bases if count <= len(names) else ():
            moved = base.joinpath(*names[-count:])
            if moved.exists():
                return moved
    return path if path.is_absolute() or not bases else bases[0] / path


def _walk(path: Path) -> Iterable[tuple[str, os.stat_result]]:
    if not path.is_dir():
        yield str(path), path.stat()
        return
    for folder, _, names in os.walk(path, followlinks=True):
        for name in names:
            inside = os.path.join(folder, name)
            yield inside, os.stat(inside)


@contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="wbart-import-") as folder:
        yield Path(folder)
