"""Which workspace a call works in that names a store, an entity, a project, or none of them.

Only what users call looks around like this; everything below is handed a workspace.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from threading import Lock
from typing import Any

from wbart import names
from wbart.errors import ArgumentTypeInvalid
from wbart.settings.settings import Settings
from wbart.workspace import Workspace
from wbart_storage.config import StoreConfig
from wbart_storage.errors import StoreMissing


class _Default:
    """The workspace of the process, opened when it is first asked for."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._opened: dict[Settings, Workspace] = {}
        self.active: list[Workspace] = []

    def get(self) -> Workspace:
        with self._lock:
            if self.active:
                return self.active[-1]
            settings = Settings.load()
            found = next((w for s, w in self._opened.items() if s == settings), None)
            if found is None:
                found = Workspace.open(settings)
                self._opened = {settings: found}
            return found


_default = _Default()


def current() -> Workspace:
    """The workspace of the active run, or else of this process and its surroundings."""
    return _default.get()


def current_algorithm() -> str:
    """The digest algorithm of the current store, or of the one that would be made."""
    if not _default.active:
        try:
            return Workspace.open(Settings.load(), create=False).store.algorithm
        except StoreMissing:
            return StoreConfig().digest
    return current().store.algorithm


def default_digest_algorithm() -> str | None:
    """W&B's digests that the surroundings ask for; None for the store's own alone."""
    if _default.active:
        return _default.active[-1].settings.digest_algorithm
    return Settings.load().digest_algorithm


def enter(workspace: Workspace) -> None:
    """Make it the current one until `leave`."""
    _default.active.append(workspace)


def leave(workspace: Workspace) -> None:
    """End what `enter` began."""
    _default.active.remove(workspace)


def open_workspace(
    store: object, entity: str | None, project: str | None, settings: object
) -> Workspace:
    """The workspace that the arguments name; what they leave out the surroundings say.

    settings are Settings, or a mapping of some of them. Raises as `Workspace.open`.
    """
    if store is None and settings is None:
        return current().within(
            None if entity is None else names.entity(entity),
            None if project is None else names.project(project),
        )
    given: dict[str, Any] = {"store": store, "entity": entity, "project": project}
    given = {name: value for name, value in given.items() if value is not None}
    if isinstance(settings, Settings):
        if store is not None:
            given["store"] = os.fspath(given["store"])
        return Workspace.open(replace(settings, **given))
    if settings is not None and not isinstance(settings, Mapping):
        raise ArgumentTypeInvalid(f"settings must be Settings, not {type(settings).__name__}")
    return Workspace.open(Settings.load({**(settings or {}), **given}))
