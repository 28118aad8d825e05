"""The state of a collection: what the fold of its journal amounts to.

A state is only ever read from outside; `fold.py` and its neighbours change it. What hangs in a
version (metadata, manifest) is shared with the state and must not be changed either.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import msgspec
from msgspec import Struct

from wbart.fold.ops import Origin, Place, Source, Ttl

SEQUENCE = "sequence"
PORTFOLIO = "portfolio"


class Moment(Struct, frozen=True):
    """When, where in the log and by whom something was done."""

    seq: int
    at: float
    """Seconds since the epoch; the record's own time, which never goes back in a log."""
    actor: str


class AliasMove(Struct, frozen=True, array_like=True):
    """An alias went from a version to another; None stands for nowhere."""

    alias: str
    before: int | None
    after: int | None
    seq: int
    at: float
    actor: str


class LinkedTo(Struct, frozen=True):
    """A portfolio that holds the version."""

    target: Place
    registry: bool


class Version(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A version of a sequence, or a membership of a portfolio (then it has a source)."""

    number: int
    id: str
    created_at: float
    seq: int
    """The record that brought it; its digest is the commit hash."""
    actor: str
    state: Literal["committed", "deleted", "purged"] = "committed"
    digest: str = ""
    wandb: dict[str, str] | None = None
    manifest: dict[str, object] = {}
    """What `Manifest.restore` needs; empty once purged."""
    size: int = 0
    count: int = 0
    metadata: dict[str, object] = {}
    description: str | None = None
    ttl: Ttl = "inherit"
    logged_by: dict[str, str] | None = None
    history_step: int | None = None
    storage_region: str | None = None
    base: str | None = None
    tags: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    updated_at: float | None = None
    deleted_at: float | None = None
    lost_aliases: tuple[str, ...] = ()
    """Those it had when it was deleted."""
    former_type: str | None = None
    """The collection's type back then, when it was deleted and made anew with another."""
    source: Source | None = None
    links: tuple[LinkedTo, ...] = ()
    origin: Origin | None = None
    """Set for a copy that came from another collection or store."""

    @property
    def live(self) -> bool:
        """Whether it is committed and not deleted; expiry by TTL is the reader's to judge."""
        return self.state == "committed"

    @property
    def in_registry(self) -> bool:
        """Whether a registry holds it; then it never expires."""
        return any(link.registry for link in self.links)

    @property
    def linked_at(self) -> float | None:
        """When it was linked; None for a version of a sequence."""
        return self.created_at if self.source else None


class Lead(Struct, frozen=True):
    """A name that was reserved for another collection, and leads there once that has taken it."""

    id: str
    """Of the rename."""
    root: str
    """The name below which the journal of that collection lies."""


class Naming(Struct, frozen=True):
    """A rename that was granted."""

    id: str
    name: str
    at: float
    actor: str


class Head(Struct, frozen=True, omit_defaults=True):
    """What is said of the collection as a whole."""

    type: str = ""
    kind: Literal["sequence", "portfolio"] = "sequence"
    description: str | None = None
    tags: tuple[str, ...] = ()
    created_at: float | None = None
    """None: nobody has created it yet."""
    updated_at: float | None = None
    deleted_at: float | None = None
    lead: Lead | None = None
    """Set: the journal is no collection's, its name only leads to one."""
    names: tuple[Naming, ...] = ()
    """Every rename, oldest first. All these names lead here for ever, the first one too."""
    abandoned: tuple[str, ...] = ()
    """The ids of renames that will never be."""

    def took(self, id: str) -> bool:
        """Whether the rename of this id was granted."""
        return any(naming.id == id for naming in self.names)


_Undo = tuple[Literal["version", "alias"], int | str, Version | int | None]


@dataclass(slots=True)
class CollectionState:
    """A collection at one moment. Two are equal when the same can be read from them."""

    root: str = field(default="", compare=False)
    """The name below which the journal lies: the first one, which never changes."""
    head: Head = field(default_factory=Head)
    versions: list[Version] = field(default_factory=list)
    """Version n lies at index n; numbers are dense and never used again."""
    aliases: dict[str, int] = field(default_factory=dict)
    moves: list[AliasMove] = field(default_factory=list)
    """Every move of every alias, oldest first."""
    newest: int | None = field(default=None, init=False)
    """The number of the newest live version."""
    ids: dict[str, int] = field(default_factory=dict, init=False, compare=False)
    """Number by version id."""
    members: dict[str, int] = field(default_factory=dict, init=False, compare=False)
    """Number of the live membership by its source's id."""
    _undo: list[_Undo] = field(default_factory=list, init=False, compare=False, repr=False)
    _before: tuple[Head, int | None, int] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        for version in self.versions:
            self._index(version)
        self.begin()

    @property
    def name(self) -> str:
        """What the collection is called now."""
        return self.head.names[-1].name if self.head.names else self.root

    @property
    def exists(self) -> bool:
        """Whether it has been created and is not deleted."""
        return self.head.created_at is not None and self.head.deleted_at is None

    def begin(self) -> None:
        """Remember this state, as the one that `rollback` returns to."""
        self._undo.clear()
        self._before = (self.head, self.newest, len(self.moves))

    def rollback(self) -> None:
        """Take back every change since `begin`."""
        for what, key, old in reversed(self._undo):
            if what == "alias":
                self._set_alias(str(key), old if isinstance(old, int) else None)
            else:
                self._unindex(self.versions[int(key)])
                self._set_version(int(key), old if isinstance(old, Version) else None)
        self.head, self.newest, moves = self._before
        del self.moves[moves:]

    def put(self, version: Version) -> None:
        """Append a version, or replace the one of its number."""
        number = version.number
        old = self.versions[number] if number < len(self.versions) else None
        self._undo.append(("version", number, old))
        if old is not None:
            self._unindex(old)
        self._set_version(number, version)

    def change(self, number: int, **changes: object) -> Version:
        """Replace fields of a version."""
        version = msgspec.structs.replace(self.versions[number], **changes)
        self.put(version)
        return version

    def move(self, alias: str, number: int | None, moment: Moment) -> bool:
        """Let the version hold the alias, or nobody; whether that was a change."""
        before = self.aliases.get(alias)
        if before == number:
            return False
        if before is not None:
            kept = tuple(each for each in self.versions[before].aliases if each != alias)
            self.change(before, aliases=kept)
        if number is not None:
            self.change(number, aliases=(*self.versions[number].aliases, alias))
        self._undo.append(("alias", alias, before))
        self._set_alias(alias, number)
        self.moves.append(AliasMove(alias, before, number, moment.seq, moment.at, moment.actor))
        return True

    def _set_alias(self, alias: str, number: int | None) -> None:
        if number is None:
            self.aliases.pop(alias, None)
        else:
            self.aliases[alias] = number

    def _set_version(self, number: int, version: Version | None) -> None:
        if version is None:
            del self.versions[number]
            return
        self.versions[number : number + 1] = [version]
        self._index(version)

    def _index(self, version: Version) -> None:
        self.ids[version.id] = version.number
        if version.live:
            if version.source is not None:
                self.members[version.source.id] = version.number
            self.newest = max(version.number, -1 if self.newest is None else self.newest)
        elif self.newest == version.number:
            self.newest = self._newest_below(version.number)

    def _unindex(self, version: Version) -> None:
        self.ids.pop(version.id, None)
        if version.live and version.source is not None:
            self.members.pop(version.source.id, None)

    def _newest_below(self, number: int) -> int | None:
        # Each step leaves a version behind that only a restore brings back: cheap in the long run.
        return next((each for each in range(number - 1, -1, -1) if self.versions[each].live), None)


class _Dumped(Struct, forbid_unknown_fields=True):
    head: Head
    versions: list[Version]
    aliases: dict[str, int]
    moves: list[AliasMove]


def dump(state: CollectionState) -> object:
    """The state as JSON-able value."""
    whole = _Dumped(state.head, state.versions, state.aliases, state.moves)
    found: object = msgspec.to_builtins(whole)
    return found


def load(dumped: object, root: str = "") -> CollectionState:
    """The state that was dumped; ValueError if it is none."""
    whole = msgspec.convert(dumped, _Dumped)
    count = len(whole.versions)
    if [version.number for version in whole.versions] != list(range(count)):
        raise ValueError("the numbers of the versions are not dense")
    if not _in_range(whole.aliases.values(), count):
        raise ValueError("an alias points to a version that there is not")
    return CollectionState(root, whole.head, whole.versions, whole.aliases, whole.moves)


def _in_range(numbers: Iterable[int], count: int) -> bool:
    return all(0 <= number < count for number in numbers)
