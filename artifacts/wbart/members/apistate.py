"""What an Api is opened on: a store, and the entity and project of names that have none."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn, Self

from wbart import names
from wbart.errors import ArgumentTypeInvalid, UnsupportedError
from wbart.recording.surroundings import open_workspace
from wbart.version import TOOL

if TYPE_CHECKING:
    from wbart.settings.settings import Settings
    from wbart.workspace import Workspace


class ApiState:
    """A store that is opened when it is first asked, and what applies where a name says nothing."""

    def __init__(
        self,
        overrides: Mapping[str, Any] | None = None,
        timeout: int | None = None,
        api_key: str | None = None,
        *,
        store: str | os.PathLike[str] | None = None,
        settings: Settings | Mapping[str, object] | None = None,
    ) -> None:
        """Nothing is opened yet. timeout and api_key are W&B's, and mean nothing here."""
        if not isinstance(overrides, Mapping | None):
            raise ArgumentTypeInvalid(f"overrides are a dict, not {type(overrides).__name__}")
        self._overrides = dict(overrides or {})
        self._store = store
        self._given = settings

    @classmethod
    def _within(cls, workspace: Workspace) -> Self:
        """One over a workspace that is open."""
        api = cls()
        api._workspace = workspace
        return api

    @cached_property
    def _workspace(self) -> Workspace:
        said = self._overrides
        return open_workspace(self._store, said.get("entity"), said.get("project"), self._given)

    @property
    def default_entity(self) -> str:
        """The entity of names that have none."""
        return self._workspace.entity

    @property
    def settings(self) -> dict[str, Any]:
        """Entity, project and store that apply, and what else overrides said."""
        found = self._workspace
        applied = {"entity": found.entity, "project": found.project, "store": found.store.url}
        return {"base_url": None, "organization": None, "run": None, **self._overrides, **applied}

    @property
    def api_key(self) -> str | None:
        """None: a store has its own credentials."""
        return None

    @property
    def client(self) -> NoReturn:
        """Raises UnsupportedError: there is no server to send queries to."""
        raise UnsupportedError("api.client speaks to W&B's server; ask the Api itself")

    @property
    def user_agent(self) -> str:
        """What writes to the store: name and version."""
        return TOOL

    def flush(self) -> None:
        """Do nothing: what is asked is always read anew. Kept for scripts that call it."""

    def _entity(self, entity: str | None) -> str:
        return self.default_entity if entity is None else names.entity(entity)

    def _project(self, text: str | None) -> tuple[str, str]:
        """Entity and project of `entity/project` or `project`."""
        if not isinstance(text, str | None):
            raise ArgumentTypeInvalid(f"a path of a project is text, not {type(text).__name__}")
        owner, slash, name = (text or self._workspace.project).strip(" /").rpartition("/")
        entity = names.entity(owner) if slash else self._workspace.entity
        return entity, names.project(name)

    def __repr__(self) -> str:
        return f"<Api {self._workspace.store.url}>"
