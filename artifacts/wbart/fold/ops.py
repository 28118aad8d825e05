"""The ops of a collection's journal: what a committer may wish for.

They are part of the format. A new op, or a new field that changes what an op means, comes with a
feature named in `wbart.json`, so that an older release refuses the store instead of folding its
journals otherwise than we do. Fields that an op does not know are passed over.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias, Union, get_args

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from wbart.errors import MalformedOp, UnknownOp

Ttl: TypeAlias = Literal["inherit"] | Annotated[int, Meta(ge=1, le=2**53)] | None
"""A time to live in seconds; None: for ever; "inherit": the project's or entity's default."""


class Place(Struct, frozen=True):
    """A collection, by the names that lead to it."""

    entity: str
    project: str
    collection: str


class Source(Place, frozen=True):
    """The version that a membership of a portfolio stands for."""

    version: int
    id: str


class Origin(Source, frozen=True):
    """The version that was logged, in whatever store, of which a version is a copy.

    A copy of a copy has the same origin. It is a record of facts, and no rule hangs on it here.
    """

    store: str
    """The id of that store."""
    created_at: float
    actor: str


class Expect(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a committer relied on; an op whose expectation fails is refused as a Conflict.

    A field that is not set expects nothing.
    """

    latest_digest: str | UnsetType | None = UNSET
    """The digest of the newest live version; None: there is none."""
    next: int | UnsetType = UNSET
    """The number that the next version will get."""
    aliases: dict[str, int | None] = {}
    """Which version holds the alias; None: none does."""
    ttl: dict[str, Ttl] = {}
    """The version's own TTL; it is live. A deletion by TTL must expect the TTL it saw."""


class Op(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="op"):
    """One wish. `to_json` is the form that goes into an intent."""

    expect: Expect | None = None

    def to_json(self) -> dict[str, object]:
        """The op as the journal carries it."""
        found: dict[str, object] = msgspec.to_builtins(self)
        return found


class Create(Op, frozen=True, tag="create"):
    """Let there be the collection. One that is there with the same type and kind is fine."""

    type: str
    kind: Literal["sequence", "portfolio"] = "sequence"
    description: str | None = None


class Log(Op, frozen=True, tag="version"):
    """A new version, unless the newest live one has the same digest (and always is not set)."""

    id: str
    digest: str
    manifest: dict[str, object]
    wandb: dict[str, str] | None = None
    metadata: dict[str, object] = {}
    description: str | None = None
    ttl: Ttl = "inherit"
    logged_by: dict[str, str] | None = None
    history_step: int | None = None
    base: str | None = None
    aliases: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    type: str | None = None
    always: bool = False
    origin: Origin | None = None
    storage_region: str | None = None


class Alias(Op, frozen=True, tag="alias"):
    """Move aliases to the version, and take others off it."""

    version: int
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class Tag(Op, frozen=True, tag="tag"):
    """Add and remove tags of the version."""

    version: int
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class Edit(Op, frozen=True, tag="edit"):
    """Replace what of the version may change; a field that is not set stays."""

    version: int
    description: str | UnsetType | None = UNSET
    metadata: dict[str, object] | UnsetType = UNSET
    ttl: Ttl | UnsetType = UNSET


class Delete(Op, frozen=True, tag="delete"):
    """Put the version into the trash; of a portfolio, take the link away."""

    version: int
    delete_aliases: bool = False


class Restore(Op, frozen=True, tag="restore"):
    """Take the version out of the trash, with the aliases that nobody took meanwhile."""

    version: int


class Purge(Op, frozen=True, tag="purge"):
    """Give up the content of a version in the trash for good."""

    version: int


class Link(Op, frozen=True, tag="link"):
    """A membership for the source; the same source again is the same membership."""

    id: str
    source: Source
    aliases: tuple[str, ...] = ()
    type: str | None = None


class Unlink(Op, frozen=True, tag="unlink"):
    """Take the membership away; its number is not used again."""

    version: int


class Linked(Op, frozen=True, tag="linked"):
    """Note at the source that a portfolio holds it; a registry's link ends its TTL for good."""

    version: int
    target: Place
    registry: bool = False


class Unlinked(Op, frozen=True, tag="unlinked"):
    """Note at the source that a portfolio holds it no more."""

    version: int
    target: Place


class Collection(Op, frozen=True, tag="collection"):
    """Change the collection itself; a field that is not set stays."""

    description: str | UnsetType | None = UNSET
    type: str | UnsetType = UNSET
    tags: tuple[str, ...] | UnsetType = UNSET
    deleted: bool | UnsetType = UNSET


class Reserve(Op, frozen=True, tag="reserve"):
    """Let the name lead to another collection of the project, as soon as that one takes it."""

    id: str
    """The rename's own id: 32 hex digits, random."""
    root: str
    """The name below which the journal of that collection lies."""


class Release(Op, frozen=True, tag="release"):
    """Let go of a reservation whose rename was given up."""

    id: str


class Rename(Op, frozen=True, tag="rename"):
    """Take the name that was reserved under this id, in place of the one before."""

    id: str
    name: str
    before: str


class Abandon(Op, frozen=True, tag="abandon"):
    """Let the rename of this id never be, unless it was before."""

    id: str


class Fence(Op, frozen=True, tag="fence"):
    """A sweep's fence. The journal heeds the epoch; what is purged with it is purged here."""

    epoch: int
    purged: tuple[int, ...] = ()


AnyOp: TypeAlias = Union[  # noqa: UP007 - mypy reads a long | of classes as a value here
    Create, Log, Alias, Tag, Edit, Delete, Restore, Purge, Link, Unlink, Linked, Unlinked,
    Collection, Reserve, Release, Rename, Abandon, Fence,
]  # fmt: skip

_KNOWN = frozenset(str(op.__struct_config__.tag) for op in get_args(AnyOp))


def decode(document: object) -> AnyOp:
    """The op of a JSON object. Raises UnknownOp or MalformedOp."""
    name = document.get("op") if isinstance(document, dict) else None
    if isinstance(name, str) and name not in _KNOWN:
        raise UnknownOp(f"this release does not know the op {name!r}")
    try:
        op: AnyOp = msgspec.convert(document, AnyOp)
    except msgspec.ValidationError as error:
        raise MalformedOp(f"op {name!r}: {error}") from error
    return op
