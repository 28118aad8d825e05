"""The type of a column that holds the ids of classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from wbart.errors import ArgumentInvalid
from wbart.media.classes import Classes
from wbart.media.compoundtype import ConstType, UnionType
from wbart.media.dtype import INVALID, Type

if TYPE_CHECKING:
    from wbart.media.value import Holder, Source

_HELPER = "media/cls"


class ClassesIdType(Type):
    """Of the ids of these classes; the classes themselves are kept beside the table."""

    name = "classesId"

    def __init__(self, classes: Classes) -> None:
        ids = [ConstType(each["id"]) for each in classes._class_set]
        super().__init__(valid_ids=UnionType(ids))
        self.classes = classes

    @classmethod
    def from_params(cls, params: dict[str, Any], source: Source | None) -> Self:
        kept = params.get("classes_obj") or {}
        if kept.get("type") != "classes-file":
            return cls(Classes.from_json(kept))
        found = source.get(kept["path"]) if source is not None else None
        if not isinstance(found, Classes):
            raise ArgumentInvalid(f"the classes of a column are missing: {kept['path']!r}")
        return cls(found)

    def assign(self, value: object) -> Type:
        return self.assign_type(ConstType(value))

    def assign_type(self, other: Type) -> Type:
        if isinstance(other, ClassesIdType):
            return self if self == other else INVALID
        return INVALID if self.params["valid_ids"].assign_type(other) is INVALID else self

    def to_json(self, holder: Holder | None = None) -> dict[str, Any]:
        found = super().to_json(holder)
        if holder is None or holder.kind == "run":
            found["params"]["classes_obj"] = self.classes.to_json()
        else:
            path, digest = holder.hold_value(self.classes, self._name(holder))
            kept = {"type": "classes-file", "path": path, "digest": digest}
            found["params"]["classes_obj"] = kept
        return found

    def _name(self, holder: Holder) -> str:
        """W&B's name, which knows one set of classes for each artifact; others get their own."""
        if not holder.has(Classes.with_suffix(_HELPER)):
            return _HELPER
        import json
        from hashlib import md5

        text = json.dumps(self.classes.to_json(), sort_keys=True).encode()
        return f"{_HELPER}_{md5(text, usedforsecurity=False).hexdigest()[:20]}"
