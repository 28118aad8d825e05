"""Run queues: their records, checked as W&B checks them. What runs from a queue needs an agent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from wbart import names
from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid, Conflict, NotFound, UnsupportedError
from wbart.kept import documents
from wbart.recording.value import to_json
from wbart_storage.keys import entity_documents, quote

if TYPE_CHECKING:
    from wbart.workspace import Workspace

RESOURCES = ("local-container", "local-process", "kubernetes", "sagemaker", "gcp-vertex")
_LENGTH = 64
_VARIABLE_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
}
_SCHEMA = frozenset({"type", "default", "minimum", "maximum", "enum"})
_NO_AGENT = "nothing is launched from here: that needs W&B's launch agent and its server"


class RunQueue:
    """The record of a queue for launching runs."""

    def __init__(self, workspace: Workspace, entity: str, name: str) -> None:
        """Read it. Raises NotFound."""
        found = documents.read(workspace.store.objects, _prefix(entity, name))
        if found is None or found.deleted:
            raise NotFound(f"Could not find run queue {name!r} of entity {entity!r}")
        self._workspace = workspace
        self._document = found
        self.entity = entity
        self.name = name

    @property
    def id(self) -> str:
        """An opaque text that names it in its store."""
        return f"{self.entity}/{self.name}"

    @property
    def type(self) -> str:
        """The kind of resource that it is for."""
        return str(self._document.fields["type"])

    @property
    def access(self) -> str:
        """PROJECT: who may write to the store may use it."""
        return "PROJECT"

    @property
    def prioritization_mode(self) -> str | None:
        """`V0`, or None."""
        mode: str | None = self._document.fields.get("prioritization_mode")
        return mode

    @property
    def default_resource_config(self) -> dict[str, Any]:
        """What its runs are configured with by default."""
        return dict(self._document.fields.get("config", {}))

    @property
    def template_variables(self) -> dict[str, Any]:
        """The schemas of the variables in its config."""
        return dict(self._document.fields.get("template_variables", {}))

    @property
    def external_links(self) -> dict[str, str]:
        """URLs by name."""
        return dict(self._document.fields.get("external_links", {}))

    @property
    def items(self) -> list[Any]:
        """Nothing: no run is ever put into it."""
        return []

    def delete(self) -> None:
        """Delete its record; one of the same name may be made again."""
        documents.edit(
            self._workspace, self._document, {"deleted": self._workspace.store.clock.now()}
        )

    def __repr__(self) -> str:
        return f"<RunQueue {self.entity}/{self.name}>"


def create(workspace: Workspace, entity: str, name: str, said: Mapping[str, Any]) -> RunQueue:
    """Make a queue. Raises ArgumentInvalid, and Conflict when its name is taken."""
    if not documents.create(workspace, _prefix(entity, name), _checked(said)):
        raise Conflict(f"there is a run queue {name!r} of entity {entity!r} already")
    return RunQueue(workspace, entity, name)


def upsert(workspace: Workspace, entity: str, name: str, said: Mapping[str, Any]) -> RunQueue:
    """Make a queue, or say anew what one is."""
    prefix, fields = _prefix(entity, name), _checked(said)
    if not documents.create(workspace, prefix, fields):
        found = documents.read(workspace.store.objects, prefix)
        if found is not None:
            documents.edit(workspace, found, fields)
    return RunQueue(workspace, entity, name)


def queued(workspace: Workspace, entity: str, name: str, item: str) -> NoReturn:
    """Raises NotFound without such a queue; else UnsupportedError, for none holds a run."""
    queue = RunQueue(workspace, entity, name)
    raise UnsupportedError(f"queue {queue.name!r} holds no run {item!r}: {_NO_AGENT}")


def _prefix(entity: str, name: object) -> str:
    if not isinstance(name, str) or not name:
        raise ArgumentInvalid("name must be non-empty")
    if len(name) > _LENGTH:
        raise ArgumentInvalid(f"name must be less than {_LENGTH} characters: {name!r}")
    return f"{entity_documents(names.entity(entity), 'queues')}{quote(name)}/"


def _checked(said: Mapping[str, Any]) -> dict[str, Any]:
    if said["type"] not in RESOURCES:
        known = ", ".join(map(repr, RESOURCES))
        raise ArgumentInvalid(f"resource_type must be one of {known}: {said['type']!r}")
    mode = said.get("prioritization_mode")
    if mode is not None and (not isinstance(mode, str) or mode.upper() != "V0"):
        raise ArgumentInvalid(f"prioritization_mode must be 'V0' if present: {mode!r}")
    variables = _mapping(said.get("template_variables"), "template_variables")
    for variable, told in variables.items():
        _check_variable(variable, told)
    return {
        "type": said["type"],
        "prioritization_mode": mode and mode.upper(),
        "config": _mapping(said.get("config"), "config"),
        "template_variables": variables,
        "external_links": _links(said.get("external_links")),
    }


def _check_variable(name: str, told: object) -> None:
    """W&B's subset of JSON schema: a type, and what a value of it must be."""
    schema = told.get("schema") if isinstance(told, Mapping) else None
    if not isinstance(schema, Mapping):
        raise ArgumentInvalid(f"template variable {name!r} needs a schema")
    wanted = _VARIABLE_TYPES.get(str(schema.get("type")))
    if wanted is None or not schema.keys() <= _SCHEMA:
        raise ArgumentInvalid(
            f"the schema of template variable {name!r} has a type (string, number or integer), and "
            f"default, minimum, maximum, enum: {dict(schema)}"
        )
    enum = schema.get("enum", [])
    if not isinstance(enum, list | tuple):
        raise ArgumentInvalid(f"enum of template variable {name!r} must be a list")
    bounds = [schema[each] for each in ("default", "minimum", "maximum") if each in schema]
    for value in [*bounds, *enum]:
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise ArgumentInvalid(f"{value!r} in template variable {name!r} is no {schema['type']}")


def _links(given: object) -> dict[str, Any]:
    links = _mapping(given, "external_links")
    if not all(isinstance(url, str) for url in links.values()):
        raise ArgumentInvalid("external_links must be texts by name")
    return links


def _mapping(given: object, what: str) -> dict[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ArgumentTypeInvalid(f"{what} must be a dict, not {type(given).__name__}")
    found: dict[str, Any] = to_json(given)
    return found
