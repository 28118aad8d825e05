"""What is said of a run: small increments under its key, each written once; the last word counts.

An increment says which fields are what from now on, and which versions the run used or logged.
The record is the fold of all increments in order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
from msgspec import Struct

from wbart.recording.path import RunPath
from wbart_storage.errors import JournalCorrupt, StoreUnsupported
from wbart_storage.journal import canonical
from wbart_storage.journal.seal import seal, unseal

VERSION = 1
_SEAL = "wbart-run-sum-v1"
_ALGORITHM = "blake3"
"""Of seals, whatever the store's is: a seal tells its own."""


class Edge(Struct, frozen=True):
    """A version of a sequence that a run used or logged."""

    id: str
    entity: str
    project: str
    collection: str
    version: int
    type: str


class Part(Struct, frozen=True):
    """What lies in one part of a history: which rows, so that a reader need not open it to know."""

    number: int
    rows: int
    first: int
    """The step of the first row."""
    last: int
    size: int
    """Bytes of the object."""
    blocks: tuple[int, ...] = ()
    """Where later blocks than the first begin, in bytes; each is gzip of `every` rows."""
    every: int = 0


class FileFact(Struct, frozen=True):
    """A file of a run: a blob of the store under a path of the run's."""

    digest: str
    """With its algorithm, as `blake3:<hex>`."""
    size: int
    mtime: float
    """Seconds since the epoch: when it was stored."""
    mimetype: str = ""
    md5: str = ""
    """In base64, where it was taken."""
    pack: str = ""
    """Hex id of the pack that holds it; empty for an object of its own."""
    offset: int = 0


class Increment(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One addition to a run's record.

    An `edit` comes from somebody who is not the run's writer, and takes nothing from him.
    """

    kind: Literal["start", "update", "finish", "edit"]
    writer: str
    """32 hex digits, random for each process and run: tells whose increment it is."""
    actor: str
    ts: float
    """Seconds since the epoch, by the writer's clock."""
    fresh: bool = False
    """A start that begins anew: fields, parts and files said before no longer count. Edges stay."""
    set: dict[str, Any] = {}
    used: tuple[Edge, ...] = ()
    logged: tuple[Edge, ...] = ()
    parts: tuple[Part, ...] = ()
    """Parts of the history that were stored before this was said."""
    events: tuple[Part, ...] = ()
    """The same of the system's metrics."""
    files: dict[str, FileFact | None] = {}
    """Files that the run has from now on; None takes one away."""

    def encode(self) -> bytes:
        """Canonical JSON with a seal. ValueError when a value has no JSON form."""
        return seal({"v": VERSION, **msgspec.to_builtins(self)}, _SEAL, _ALGORITHM)


def decode(data: bytes, key: str) -> Increment:
    """The increment of these bytes. Raises JournalCorrupt, StoreUnsupported; both name key."""
    try:
        document = canonical.decode(data)
        version = document.get("v") if isinstance(document, dict) else None
        if not isinstance(version, int):
            raise ValueError(f"version {version!r}")
        if version > VERSION:
            raise StoreUnsupported(f"{key} has version {version}, this release knows {VERSION}")
        return msgspec.convert(unseal(data, _SEAL), Increment)
    except ValueError as error:
        raise JournalCorrupt(key, f"no increment of a run: {error}") from error


@dataclass
class RunRecord:
    """What all increments of one run say together."""

    path: RunPath
    fields: dict[str, Any] = field(default_factory=dict)
    used: dict[str, Edge] = field(default_factory=dict)
    logged: dict[str, Edge] = field(default_factory=dict)
    parts: dict[int, Part] = field(default_factory=dict)
    events: dict[int, Part] = field(default_factory=dict)
    files: dict[str, FileFact] = field(default_factory=dict)
    writer: str = ""
    """The process that started it last."""
    actor: str = ""
    """Who started it last."""
    ended: bool = False
    """Whether its writer has said the last word since he started it."""
    created_at: float = 0.0
    updated_at: float = 0.0
    next: int = 0
    """The number of the next increment."""

    def apply(self, increment: Increment) -> None:
        """Take the next increment in."""
        if increment.fresh:
            self.fields = {}
            self.parts, self.events, self.files = {}, {}, {}
        if increment.kind == "start":
            self.writer, self.actor = increment.writer, increment.actor
        if increment.kind in ("start", "finish"):
            self.ended = increment.kind == "finish"
        if self.next == 0 or increment.fresh:
            self.created_at = increment.ts
        self.fields.update(increment.set)
        self.used.update((edge.id, edge) for edge in increment.used)
        self.logged.update((edge.id, edge) for edge in increment.logged)
        self.parts.update((part.number, part) for part in increment.parts)
        self.events.update((part.number, part) for part in increment.events)
        self._take_files(increment)
        self.updated_at = max(self.updated_at, increment.ts)
        self.next += 1

    def _take_files(self, increment: Increment) -> None:
        for path, fact in increment.files.items():
            if fact is None:
                self.files.pop(path, None)
            else:
                self.files[path] = fact
