"""The summary of a public run: a dict whose changes are stored by `update`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

from wbart.recording.value import to_json

Store = Callable[[dict[str, Any]], None]


class SummaryView(MutableMapping[str, Any]):
    """Values by name, nested dicts as dicts; also readable as attributes.

    What is set or deleted is local until `update`, which stores all of it, and what it is given.
    """

    def __init__(self, values: Mapping[str, Any], store: Store) -> None:
        self._json_dict: dict[str, Any] = dict(values)
        self._store = store

    def update(self, values: Mapping[str, Any] | None = None, **more: Any) -> None:  # type: ignore[override]
        """Set the values, if any, and store the whole summary."""
        for name, value in {**(values or {}), **more}.items():
            self[name] = value
        self._store(dict(self._json_dict))

    def __getitem__(self, name: str) -> Any:
        return self._json_dict[name]

    def __setitem__(self, name: str, value: object) -> None:
        self._json_dict[name] = to_json(value)

    def __delitem__(self, name: str) -> None:
        del self._json_dict[name]

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._json_dict))

    def __len__(self) -> int:
        return len(self._json_dict)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._json_dict:
            raise AttributeError(f"the summary has no {name!r}", name=name, obj=self)
        return self._json_dict[name]

    def __repr__(self) -> str:
        return repr(self._json_dict)
