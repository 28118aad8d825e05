"""REF: the text by which people, scripts and URLs name an artifact.

    [[ENTITY/]PROJECT/]NAME[:VERSION|:ALIAS|@DIGEST][@{TIME}][#PATH]

`wbart://` (any number of slashes) before it makes a URL, in which the path may also follow a
slash, and `::STORE` may end it: `wbart://p/data:v3/a/b.csv::s3://bucket/store`. W&B's artifact
paths are REFs as they are; its `wandb-artifact://` URLs are read, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from wbart import names
from wbart.errors import RefInvalid
from wbart.refs.selector import Selector, check_time, time_of
from wbart.refs.wandb_url import WANDB_URL, split_wandb_url

_URL = re.compile(r"wbart:/+")
_LEFT = r"(?P<left>[^:@#]+)"
_TIME = r"(?:@\{(?P<time>[^{}]*)\})?"
_DIGEST = r"@(?P<digest>[^@#/{}]+)"
_REF = re.compile(
    rf"{_LEFT}(?::(?P<alias>(?:(?!@\{{)[^#])+)|{_DIGEST})?{_TIME}(?:#(?P<path>.+))?", re.DOTALL
)
_IN_URL = re.compile(
    rf"{_LEFT}(?::(?P<alias>(?:(?!@\{{)[^#/])+)|{_DIGEST})?{_TIME}(?:[#/](?P<path>.+))?/?",
    re.DOTALL,
)


_BY_ID: Final = ("", None, None, None, None)


@dataclass(frozen=True, slots=True)
class Ref:
    """A collection, which of its versions, which path in it, in which store: None is unsaid.

    `str()` gives a text that parses to the same Ref. Raises RefInvalid or NameInvalid when made
    of parts that no text can name.
    """

    name: str
    """Empty only when the selector is an id."""
    project: str | None = None
    entity: str | None = None
    select: Selector | None = None
    at: float | None = None
    """Seconds since the epoch, rounded to microseconds: as things were then."""
    path: str | None = None
    store: str | None = None

    def __post_init__(self) -> None:
        by_id = self.select is not None and self.select.kind == "id"
        if by_id and (self.name, self.project, self.entity, self.at, self.store) != _BY_ID:
            raise RefInvalid("an artifact named by its id has no other name")
        if not by_id:
            names.collection_name(self.name)
        if self.project is not None:
            names.project(self.project)
        if self.entity is not None:
            names.entity(self.entity)
            if self.project is None:
                raise RefInvalid(f"Invalid artifact path: {self.entity!r} without a project")
        if self.at is not None:
            # Frozen, but a text has no more than microseconds.
            object.__setattr__(self, "at", check_time(self.at))
        _check_rest(self.path, self.store)

    @classmethod
    def parse(cls, text: str) -> Ref:
        """The Ref of a REF, a `wbart://` URL, an artifact path or URL of W&B's.

        RefInvalid (a ValueError) "Invalid artifact path…" for anything else.
        """
        if not isinstance(text, str) or not text:
            raise RefInvalid(f"Invalid artifact path: {text!r}")
        try:
            return _parse(text)
        except RefInvalid as error:
            if repr(text) in error.message:
                raise
            raise RefInvalid(f"{error.message} in {text!r}") from error

    @classmethod
    def parse_collection(cls, text: str) -> Ref:
        """A collection's path, `[[ENTITY/]PROJECT/]NAME` and no more; also a link's target."""
        ref = cls.parse(text)
        if (ref.select, ref.at, ref.path) != (None, None, None) or not ref.name:
            raise RefInvalid(f"Invalid artifact path: {text!r} must name a collection only")
        return ref

    @property
    def selector(self) -> Selector:
        """Which version: `latest` when nothing is said."""
        return self.select or Selector("alias", names.LATEST)

    @property
    def id(self) -> str | None:
        """The artifact's id, when it is all that is known."""
        return self.selector.value if self.selector.kind == "id" else None

    @property
    def shown(self) -> str:
        """Which version, for messages: `v3`, `best`, `latest`, a digest."""
        return self.selector.value

    @property
    def in_registry(self) -> bool:
        """Whether the project is a registry's; its entity is then the organisation's."""
        return self.project is not None and names.is_registry(self.project)

    def within(self, entity: str, project: str, organization: str | None = None) -> Ref:
        """This Ref with what it leaves unsaid filled in; a registry is the organisation's."""
        if not self.name:
            return self
        home = self.project or project
        owner = organization if home.startswith(names.REGISTRY_PREFIX) else None
        return replace(self, entity=self.entity or owner or entity, project=home)

    @property
    def collection(self) -> str:
        """The collection's path, as far as it is said."""
        return "/".join(part for part in (self.entity, self.project, self.name) if part)

    def __str__(self) -> str:
        if not self.name:
            return f"{WANDB_URL}_id/{self.selector.value}" + (f"/{self.path}" if self.path else "")
        time = "" if self.at is None else f"@{{{time_of(self.at)}}}"
        path = "" if self.path is None else f"#{self.path}"
        text = f"{self.collection}{self.select or ''}{time}{path}"
        return text if self.store is None else f"wbart://{text}::{self.store}"


def link_target(
    text: str, *, entity: str, project: str, organization: str | None = None
) -> tuple[str, str, str]:
    """Entity, project and portfolio of a link's target; what it leaves unsaid is filled in."""
    ref = Ref.parse_collection(text).within(entity, project, organization)
    return ref.entity or entity, ref.project or project, ref.name


def _check_rest(path: str | None, store: str | None) -> None:
    if path == "" or store == "":
        raise RefInvalid("a path or a store that is said must not be empty")
    if store is not None and path is not None and ("::" in path or path.endswith(":")):
        raise RefInvalid(f"a path with '::' cannot be named together with a store: {path!r}")


def _parse(text: str) -> Ref:
    if text.startswith(WANDB_URL):
        return _from_wandb(text)
    scheme = _URL.match(text)
    if scheme is None:
        return _from_parts(_REF, text)
    rest, _, store = text[scheme.end() :].partition("::")
    return replace(_from_parts(_IN_URL, rest), store=store or None)


def _from_parts(grammar: re.Pattern[str], text: str) -> Ref:
    found = grammar.fullmatch(text)
    if found is None:
        raise RefInvalid(f"Invalid artifact path: {text!r}")
    time = found["time"]
    return _named(
        found["left"],
        _selector(found["alias"], found["digest"]),
        None if time is None else check_time(time),
        found["path"],
    )


def _selector(alias: str | None, digest: str | None) -> Selector | None:
    if digest is not None:
        return Selector("digest", digest)
    if alias is None:
        return None
    return Selector("alias" if names.version_number(alias) is None else "version", alias)


def _named(left: str, select: Selector | None, time: float | None, path: str | None) -> Ref:
    parts = left.split("/")
    if len(parts) > 3 or not all(parts):
        raise RefInvalid(f"Invalid artifact path: {left!r} must be [[ENTITY/]PROJECT/]NAME")
    entity, project, name = (None, None, *parts)[-3:]
    assert name is not None
    return Ref(name, project, entity, select, time, path)


def _from_wandb(text: str) -> Ref:
    id_, path, inner = split_wandb_url(text)
    if id_ is not None:
        return Ref("", select=Selector("id", id_), path=inner)
    return replace(_from_parts(_REF, path), path=inner)
