"""Which workspace a call works in that names a store, an entity, a project, or none of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from wbart import names, workspace
from wbart.errors import ArgumentTypeInvalid
from wbart.settings import Settings
from wbart.workspace import Workspace


def open_workspace(
    store: object, entity: str | None, project: str | None, settings: object
) -> Workspace:
    """The workspace that the arguments name; what they leave out the surroundings say.

    settings are Settings, or a mapping of some of them. Raises as `Workspace.open`.
    """
    if store is None and settings is None:
        return workspace.current().within(
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
