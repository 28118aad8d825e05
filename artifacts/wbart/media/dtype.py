"""The types of a table's columns: W&B's, with their JSON, one class each.

A type never changes: assigning a value to it gives the type that holds both, or `INVALID`. Which
value has which type is in `inference`; lists, dicts, unions and arrays are in `compoundtype`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from wbart.errors import ArgumentTypeInvalid

if TYPE_CHECKING:
    from wbart.media.value import Holder, Source

_NOTHING: frozenset[type] = frozenset()


class Type:
    """What a column may hold. Equal to another of the same name and parameters."""

    name: ClassVar[str] = ""

    def __init__(self, **params: Any) -> None:
        self.params: dict[str, Any] = params

    def assign(self, value: object) -> Type:
        """The type that holds the value, too; INVALID when there is none."""
        from wbart.media.inference import type_of

        return self.assign_type(type_of(value))

    def assign_type(self, other: Type) -> Type:
        """The type that holds all that the other holds, too; INVALID when there is none."""
        return self if self == other else INVALID

    def settled(self) -> frozenset[type]:
        """Classes whose every value leaves the type as it is; float stands for no NaN."""
        return _NOTHING

    def to_json(self, holder: Holder | None = None) -> dict[str, Any]:
        """W&B's JSON: `wb_type` and, if there are any, `params`."""
        params = {name: plain(value, holder) for name, value in self.params.items()}
        return {"wb_type": self.name, "params": params} if params else {"wb_type": self.name}

    @classmethod
    def from_params(cls, params: dict[str, Any], source: Source | None) -> Self:
        """The type of its `params`, in which types are types already."""
        return cls(**params)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Type):
            return NotImplemented
        return self is other or (self.name == other.name and self.params == other.params)

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        # The order of a union's members in its JSON hangs on these words.
        if not self.params:
            return self.name.capitalize()
        return f"{self.name.capitalize()}({', '.join(f'{k}:{v}' for k, v in self.params.items())})"


class InvalidType(Type):
    """What no value has. It may be the type of a list's items, where these do not agree."""

    name = "invalid"

    def assign_type(self, other: Type) -> Type:
        return self


INVALID = InvalidType()


class NoneType(Type):
    """Of None, and of NaN."""

    name = "none"

    def settled(self) -> frozenset[type]:
        return frozenset({type(None)})


class AnyType(Type):
    """Of anything but None."""

    name = "any"

    def assign(self, value: object) -> Type:
        from wbart.media.inference import is_missing

        return INVALID if is_missing(value) else self

    def assign_type(self, other: Type) -> Type:
        return INVALID if isinstance(other, NoneType | InvalidType) else self


class UnknownType(Type):
    """Of what has not come yet: it becomes the type of the first value that is not None."""

    name = "unknown"

    def assign_type(self, other: Type) -> Type:
        return INVALID if isinstance(other, NoneType) else other


class StringType(Type):
    """Of text."""

    name = "string"

    def settled(self) -> frozenset[type]:
        return frozenset({str})


class NumberType(Type):
    """Of int, float, and numpy's numbers."""

    name = "number"

    def settled(self) -> frozenset[type]:
        return frozenset({int, float})


class BooleanType(Type):
    """Of True and False."""

    name = "boolean"

    def settled(self) -> frozenset[type]:
        return frozenset({bool})


class TimestampType(Type):
    """Of datetime, date and numpy's datetime64; kept as milliseconds since 1970, UTC."""

    name = "timestamp"

    def settled(self) -> frozenset[type]:
        return frozenset({datetime, date})


class ArtifactVersionType(Type):
    """Of W&B's texts and dicts that name an artifact."""

    name = "artifactVersion"

    def assign(self, value: object) -> Type:
        is_text = isinstance(value, str) and value.startswith("wandb-artifact://")
        is_dict = isinstance(value, dict) and value.get("_type") == "artifactVersion"
        return self if is_text or is_dict else INVALID


class PythonObjectType(Type):
    """Of any other object, by the name of its class."""

    name = "pythonObject"

    def __init__(self, class_name: str) -> None:
        super().__init__(class_name=class_name)


class MediaType(Type):
    """Of the media objects of one log type."""

    def __init__(self, log_type: str) -> None:
        super().__init__()
        self.name = log_type  # type: ignore[misc]  # one class for all kinds


def plain(value: Any, holder: Holder | None) -> Any:
    """A parameter as JSON: types inside it too, sets in an order of their own."""
    if isinstance(value, Type):
        return value.to_json(holder)
    if isinstance(value, dict):
        return {str(name): plain(item, holder) for name, item in value.items()}
    if isinstance(value, set | frozenset):
        return [plain(item, holder) for item in ordered(value)]
    if isinstance(value, list | tuple):
        return [plain(item, holder) for item in value]
    if value is None or isinstance(value, str | int | float):
        return value
    raise ArgumentTypeInvalid(f"a type cannot be told of a {type(value).__name__}: {value!r}")


def ordered(values: Iterable[Any]) -> list[Any]:
    """A set in an order that does not hang on the hash seed."""
    listed = list(values)
    try:
        return sorted(listed)
    except TypeError:
        return sorted(listed, key=str)
