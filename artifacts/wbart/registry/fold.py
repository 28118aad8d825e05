"""The journal of an organisation's registries: one log for all, so that a name is one registry's.

Ops: `create` (with implicit: unless there is one), `edit`, `delete`. A registry keeps its root,
the project below which its collections lie, whatever it is called later.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import Struct

from wbart.errors import Conflict, Error, MalformedOp, NameTaken, ProjectNotFound, UnknownOp
from wbart.fold.outcome import Outcome, refusal
from wbart.names import REGISTRY_PREFIX

if TYPE_CHECKING:
    from wbart_storage.journal.record import Intent, Record

Visibility = Literal["organization", "restricted"]


class RegistryFacts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is kept of one registry."""

    id: str
    project: str
    """`wandb-registry-<name>`."""
    root: str
    """The project in the keys of its collections; holds an `@` where an earlier one has the name.
    """
    created_at: float
    updated_at: float
    actor: str
    description: str | None = None
    visibility: Visibility = "organization"
    allow_all: bool = True
    """Whether it takes artifacts of every type."""
    types: tuple[str, ...] = ()
    """The types that were ever registered, sorted; they stay."""
    deleted_at: float | None = None

    @property
    def name(self) -> str:
        """Its name without the prefix."""
        return self.project.removeprefix(REGISTRY_PREFIX)

    def takes(self, type: str) -> bool:
        """Whether artifacts of the type may be linked into it."""
        return self.allow_all or type in self.types


class RegistryState:
    """All registries of an organisation, the deleted ones too, by id."""

    def __init__(self, all: Mapping[str, RegistryFacts] | None = None) -> None:
        self.all = dict(all or {})

    def find(self, project: str) -> RegistryFacts | None:
        """The registry that is called so now."""
        return next((each for each in self.live() if each.project == project), None)

    def live(self) -> list[RegistryFacts]:
        """Those that are not deleted."""
        return [each for each in self.all.values() if each.deleted_at is None]

    def root(self, project: str) -> str:
        """The project in the keys of what lies in the registry that is, or will be, called so."""
        found = self.find(project)
        if found is not None:
            return found.root
        taken = sum(each.root.partition("@")[0] == project for each in self.all.values())
        # No name of a project holds an @.
        return f"{project}@{taken}" if taken else project

    def called(self, root: str) -> str:
        """Undo `root`: what the project of the keys is called now."""
        found = next((each for each in self.all.values() if each.root == root), None)
        return found.project if found is not None else root.partition("@")[0]


class RegistryFold:
    """The meaning of the journal; see `wbart_storage.journal.fold` and `wbart.fold.outcome`."""

    def initial(self) -> RegistryState:
        """An organisation without a registry."""
        return RegistryState()

    def apply(self, state: RegistryState, intent: Intent, record: Record) -> object:
        """Grant all ops or none."""
        before = dict(state.all)
        outcomes: list[Outcome] = []
        for index, op in enumerate(intent.ops):
            try:
                outcomes.append(_apply(state, op, intent.actor, record.hlc))
            except Error as error:
                state.all = before
                return refusal(error, index)
        return outcomes

    def dump(self, state: RegistryState) -> object:
        """The state as JSON-able value."""
        found: object = msgspec.to_builtins(list(state.all.values()))
        return found

    def load(self, dumped: object) -> RegistryState:
        """The state that was dumped; ValueError if it is none."""
        found = msgspec.convert(dumped, list[RegistryFacts])
        return RegistryState({each.id: each for each in found})


def _apply(state: RegistryState, op: Mapping[str, Any], actor: str, now: float) -> Outcome:
    kind = op.get("op")
    try:
        if kind == "create":
            return _create(state, op, actor, now)
        if kind == "edit":
            return _edit(state, op, now)
        if kind == "delete":
            return _delete(state, op, now)
    except (KeyError, TypeError, msgspec.ValidationError) as error:
        raise MalformedOp(f"op {kind!r} of a registry: {error}") from error
    raise UnknownOp(f"this release does not know the op {kind!r} of a registry")


def _create(state: RegistryState, op: Mapping[str, Any], actor: str, now: float) -> Outcome:
    there = state.find(op["project"])
    if there is not None:
        if op.get("implicit") or there.id == op["id"]:
            return {"id": there.id, "new": False}
        raise NameTaken(f"A registry {there.name!r} already exists, please use a different name")
    if op["id"] in state.all:
        raise MalformedOp(f"a registry had the id {op['id']!r} before")
    facts = {key: op[key] for key in _SETTINGS if key in op}
    made = msgspec.convert(
        {
            "root": state.root(op["project"]),
            "created_at": now,
            "updated_at": now,
            "actor": actor,
            "id": op["id"],
            "project": op["project"],
            **facts,
        },
        RegistryFacts,
    )
    state.all[made.id] = made
    return {"id": made.id, "new": True}


_SETTINGS = ("description", "visibility", "allow_all", "types")


def _edit(state: RegistryState, op: Mapping[str, Any], now: float) -> Outcome:
    facts = _live(state, op["id"])
    project = op.get("project", facts.project)
    there = state.find(project)
    if there is not None and there.id != facts.id:
        raise NameTaken(f"A registry {there.name!r} already exists, please use a different name")
    changes = {key: op[key] for key in _SETTINGS if key in op and key != "types"}
    types = sorted({*facts.types, *op.get("add_types", ())})
    if op.get("add_types") and changes.get("allow_all", facts.allow_all):
        raise Conflict(f"registry {facts.name!r} takes artifacts of every type by now")
    whole = {**msgspec.to_builtins(facts), **changes, "types": types}
    whole |= {"project": project, "updated_at": now}
    state.all[facts.id] = msgspec.convert(whole, RegistryFacts)
    return {"id": facts.id}


def _delete(state: RegistryState, op: Mapping[str, Any], now: float) -> Outcome:
    facts = _live(state, op["id"])
    state.all[facts.id] = msgspec.structs.replace(facts, deleted_at=now, updated_at=now)
    return {"id": facts.id}


def _live(state: RegistryState, id: str) -> RegistryFacts:
    facts = state.all.get(id)
    if facts is None or facts.deleted_at is not None:
        raise ProjectNotFound("the registry is deleted, or never was")
    return facts
