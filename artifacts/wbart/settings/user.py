"""`wbart.Settings`: what a script sets itself, above what the surroundings say."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from wbart.errors import SettingInvalid
from wbart.settings.settings import Settings

_KNOWN = frozenset(each.name for each in fields(Settings)) - {"sources"}


class UserSettings(dict[str, Any]):
    """Some settings, for `init(settings=…)` and `Api(settings=…)`; also read as attributes.

    Raises SettingInvalid for a name that is no setting.
    """

    def __init__(self, **settings: Any) -> None:
        for name in settings:
            if name not in _KNOWN:
                raise SettingInvalid(f"no such setting: {name}")
        super().__init__(settings)

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        raise AttributeError(f"not set: {name}")
