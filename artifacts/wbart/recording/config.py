"""The config of a run while it is written: its inputs, artifacts among them."""

from __future__ import annotations

import logging
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from wbart.artifact import Artifact
from wbart.drafts.metadata import DEPTH
from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid
from wbart.recording.text import storable
from wbart.recording.value import check_depth
from wbart.recording.value import to_json as json_value
from wbart.recording.values import RunValues

log = logging.getLogger(__name__)

_SCHEMES = ("wandb-artifact://", "wbart://")
_NESTED = "Instances of wandb.Artifact can only be top level keys in a run's config"


class Config(RunValues):
    """JSON values by name; artifacts as top-level values, which then count as used.

    A text `wandb-artifact://…` is the artifact that it names. Setting a name again to another
    value is a ValueError, unless `update(…, allow_val_change=True)` says so.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        use: Callable[[Artifact | str], Artifact],
        changed: Callable[[], None],
    ) -> None:
        super().__init__(values, changed)
        self._use = use
        self._locked: frozenset[str] = frozenset()

    def lock(self, names: Iterable[str]) -> None:
        """Keep these as they are: a sweep has drawn them. Setting them anew only warns."""
        self._locked = frozenset(names)

    def update(  # type: ignore[override]
        self, values: object = None, allow_val_change: bool | None = None
    ) -> None:
        """Set all of them. Raises before anything is set when one of them cannot be."""
        change = bool(allow_val_change)
        given = parsed(values)
        self._keep({name: self._accept(name, value, change) for name, value in given.items()})

    def setdefaults(self, values: object) -> None:
        """Set those whose names are not set yet."""
        self.update({name: value for name, value in parsed(values).items() if name not in self})

    def _accept(self, name: str, value: object, change: bool = False) -> Any:
        if name in self._locked:
            log.warning("config item %r was locked by the sweep; it stays as it is", name)
            return self[name]
        found = self._artifact(value)
        if found is None:
            refuse_nested(value)
            found = json_value(value)
        if not change and name in self and _encoded(self[name]) != _encoded(found):
            raise ArgumentInvalid(
                f"Attempted to change value of key {name!r} from {self[name]!r} to "
                f"{found!r}. If you really want to do this, pass allow_val_change=True to "
                f"config.update()"
            )
        return found

    def _artifact(self, value: object) -> Artifact | None:
        if isinstance(value, Artifact):
            return self._use(value)
        if isinstance(value, str) and value.startswith(_SCHEMES):
            return self._use(value)
        if isinstance(value, Mapping) and value.get("_type") == "artifactVersion":
            return self._use(f"wandb-artifact://_id/{value.get('id')}")
        return None

    def to_json(self) -> dict[str, Any]:
        return {name: _encoded(value) for name, value in self.as_dict().items()}


def _encoded(value: Any) -> Any:
    return value.json_encode() if isinstance(value, Artifact) else value


def refuse_nested(value: object, depth: int = DEPTH) -> None:
    """Raise ValueError, in W&B's words, if an artifact lies anywhere inside a value."""
    check_depth(depth)
    if isinstance(value, Mapping):
        nested = list(value.values())
    elif isinstance(value, list | tuple | set | frozenset):
        nested = list(value)
    else:
        return
    for each in nested:
        if isinstance(each, Artifact):
            raise ArgumentInvalid(_NESTED)
        refuse_nested(each, depth - 1)


def parsed(values: object) -> dict[str, Any]:
    """What W&B takes for a config: nothing, a dict, or what argparse returns."""
    if values is None:
        return {}
    if isinstance(values, Namespace):
        return vars(values)
    if not isinstance(values, Mapping):
        raise ArgumentTypeInvalid(f"config must be a dict, not {type(values).__name__}")
    for name in values:
        if not isinstance(name, str):
            raise ArgumentTypeInvalid(f"the names in a config are texts, not {name!r}")
    return {storable(name): value for name, value in values.items()}
