"""Objects of other people's: looked at, listed and read where they are, never written.

References lead to them. What is seen of one (size, entity tag, version) is kept, so that later
exactly that one is read, or an error says that it has changed. A module each for the services;
theirs are loaded when a URI of theirs is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from msgspec import Struct

from wbart_storage.errors import ObjectChanged


class Foreign(Struct, frozen=True):
    """What was seen of an object: enough to tell it from what may lie there later."""

    uri: str
    """Where it lies, without its version."""
    name: str
    """Its key in the bucket; the URI itself on the web."""
    size: int | None = None
    etag: str = ""
    """As the service gives it, quotes included; empty when it gives none."""
    version: str = ""
    """Version id or generation; empty where old content is not kept."""
    is_folder: bool = False
    """Whether it only stands for a folder, and has no content of its own."""

    @property
    def tag(self) -> str:
        """The entity tag without quotes."""
        return bare(self.etag)


def _nothing() -> None:
    """All came at once: no connection is open."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The answer to a read: what is known at once, and the bytes as they come."""

    pieces: Iterator[bytes]
    size: int | None
    """Of the whole object, however little of it was asked for."""
    etag: str = ""
    version: str = ""
    md5: str = ""
    """Hex, of the whole object; empty where the service does not tell."""
    close: Callable[[], None] = _nothing
    """Ends the connection, if one is open; whoever reads calls it, at the end or before."""
    end: int | None = None
    """Where the range ends that comes, if that may be before what was asked for."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a listing: objects, folders where they were asked for, and how to go on."""

    objects: list[Foreign]
    folders: list[str]
    token: str | None


class ForeignObjects(Protocol):
    """One bucket, or the web. Safe to share between threads; raises StorageErrors."""

    def look(self, name: str, version: str = "") -> Foreign:
        """See one object, without its content. ObjectMissing when it is not there."""
        ...

    def open(self, seen: Foreign, start: int = 0, end: int | None = None) -> Reading:
        """Read the very object that was seen, or a range of it, in one request.

        More than the range may come, where a service knows no ranges and start is 0.
        ObjectMissing when it is gone, ObjectChanged when another has its place.
        """
        ...


@runtime_checkable
class Lists(Protocol):
    """A bucket that can be listed."""

    def look(self, name: str, version: str = "") -> Foreign: ...

    def page(
        self, prefix: str, *, delimiter: str = "", token: str | None = None, versions: bool = False
    ) -> Page:
        """List up to a thousand objects in one request; with versions, those of each, too."""
        ...


@runtime_checkable
class TellsVersions(Protocol):
    """A bucket whose listings tell versions only when they are asked for."""

    def keeps_versions(self, name: str) -> bool:
        """Whether some object may have a version, though that one, the first listed, has none."""
        ...


def bare(etag: str) -> str:
    """An entity tag without the quotes around it; a weak one stays as it is."""
    return etag[1:-1] if len(etag) > 1 and etag[0] == etag[-1] == '"' else etag


def changed(seen: Foreign, now: Foreign) -> ObjectChanged:
    """The error that names what differs between what was seen and what is there."""
    for what, before, after in (
        ("ETag", seen.tag, now.tag),
        ("version", seen.version, now.version),
        ("size", seen.size, now.size),
    ):
        if before not in ("", None) and before != after:
            return ObjectChanged(seen.uri, f"its {what} was {before} and is {after or 'none'}")
    return ObjectChanged(seen.uri, "it is another object by now")
