"""What the config and the summary of a run have in common: a dict that is also attributes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from threading import Lock
from typing import Any

from wbart.errors import ArgumentTypeInvalid
from wbart.recording.text import storable


class RunValues(MutableMapping[str, Any]):
    """A dict whose keys are attributes, too, and that calls changed after every change.

    Safe to share between threads.
    """

    def __init__(self, values: Mapping[str, Any], changed: Callable[[], None]) -> None:
        self._values: dict[str, Any] = dict(values)
        self._lock = Lock()
        self._changed = changed

    @abstractmethod
    def _accept(self, name: str, value: object) -> Any:
        """What is kept when value is set; raises for what cannot be."""

    def to_json(self) -> dict[str, Any]:
        """All values, as records carry them."""
        return self.as_dict()

    def as_dict(self) -> dict[str, Any]:
        """A plain copy."""
        with self._lock:
            return dict(self._values)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __setitem__(self, name: str, value: object) -> None:
        if not isinstance(name, str):
            raise ArgumentTypeInvalid(f"names of values are texts, not {name!r}")
        self._keep({storable(name): self._accept(name, value)})

    def __delitem__(self, name: str) -> None:
        with self._lock:
            del self._values[name]
        self._changed()

    def __iter__(self) -> Iterator[str]:
        return iter(self.as_dict())

    def __len__(self) -> int:
        return len(self._values)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._values:
            raise AttributeError(f"{type(self).__name__} has no {name!r}", name=name, obj=self)
        return self._values[name]

    def __setattr__(self, name: str, value: object) -> None:
        if name.startswith("_"):
            object.__setattr__(self, name, value)
        else:
            self[name] = value

    def __delattr__(self, name: str) -> None:
        del self[name]

    def __repr__(self) -> str:
        return repr(self.as_dict())

    def _keep(self, values: Mapping[str, Any]) -> None:
        with self._lock:
            self._values.update(values)
        self._changed()
