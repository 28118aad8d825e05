"""Classes: what the class numbers of images, masks and boxes mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from wbart.errors import ArgumentInvalid
from wbart.media.value import Holder, Source, WBValue

if TYPE_CHECKING:
    from wbart.media.dtype import Type


class Classes(WBValue):
    """A list of `{"id": int or str, "name": str}`, each also with a `"color"` if it has one."""

    _log_type = "classes"

    def __init__(self, class_set: Sequence[dict[str, Any]]) -> None:
        for each in class_set:
            if not isinstance(each, dict) or "id" not in each or "name" not in each:
                raise ArgumentInvalid(f"a class has an id and a name: {each!r}")
        self._class_set = list(class_set)

    def to_json(self, holder: Holder | None = None) -> dict[str, Any]:
        """W&B's JSON; it needs no file."""
        return {"_type": "classes", "class_set": self._class_set}

    @classmethod
    def from_json(cls, json_obj: dict[str, Any], source: Source | None = None) -> Self:
        """The classes of W&B's JSON."""
        return cls(json_obj.get("class_set") or [])

    @classmethod
    def class_type(cls) -> Type:
        from wbart.media.classestype import ClassesIdType

        return ClassesIdType(cls([]))

    def value_type(self) -> Type:
        return self.get_type()

    def get_type(self) -> Type:
        """The type of a column that holds ids of these classes."""
        from wbart.media.classestype import ClassesIdType

        return ClassesIdType(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Classes) and self._class_set == other._class_set

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<Classes of {len(self._class_set)}>"
