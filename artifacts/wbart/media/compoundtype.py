"""Types made of types: constants, unions, lists, dicts, and numpy's arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from wbart.media.dtype import INVALID, AnyType, NoneType, Type, UnknownType

if TYPE_CHECKING:
    from wbart.media.value import Holder, Source


class ConstType(Type):
    """Of one value, or of those of a set."""

    name = "const"

    def __init__(self, val: Any = None, is_set: bool = False) -> None:
        is_set = bool(is_set) or isinstance(val, set | frozenset)
        super().__init__(val=set(val) if is_set else val, is_set=is_set)

    def assign(self, value: object) -> Type:
        return self.assign_type(ConstType(value))

    def __repr__(self) -> str:
        return str(self.params["val"])


class UnionType(Type):
    """Of what any of its members holds; the members are sorted by their words."""

    name = "union"

    def __init__(self, allowed_types: Iterable[Type] = ()) -> None:
        super().__init__(allowed_types=sorted(_flat(allowed_types), key=str))

    @property
    def members(self) -> list[Type]:
        """The types that it is made of."""
        members: list[Type] = self.params["allowed_types"]
        return members

    def assign(self, value: object) -> Type:
        return self._grown(lambda member: member.assign(value))

    def assign_type(self, other: Type) -> Type:
        found: Type = self
        for each in other.members if isinstance(other, UnionType) else [other]:
            if not isinstance(found, UnionType):
                break
            found = found._grown(lambda member, each=each: member.assign_type(each))
        return found

    def settled(self) -> frozenset[type]:
        return frozenset[type]().union(*(each.settled() for each in self.members))

    def _grown(self, assigned: Any) -> Type:
        """With the first member replaced that takes it; an unknown one only if none other does."""
        known = [each for each in self.members if not isinstance(each, UnknownType)]
        unknown = [each for each in self.members if isinstance(each, UnknownType)]
        for place, member in enumerate(known):
            grown = assigned(member)
            if grown is member:
                return self
            if grown is not INVALID:
                known[place] = grown
                return UnionType([*known, *unknown])
        if unknown:
            grown = assigned(unknown[0])
            if grown is not INVALID:
                return UnionType([*known, grown, *unknown[1:]])
        return INVALID

    def __repr__(self) -> str:
        return " or ".join(map(str, self.members))


class ListType(Type):
    """Of lists, tuples and sets whose items have one type, of a length if all have the same."""

    name = "list"

    def __init__(self, element_type: Type | None = None, length: int | None = None) -> None:
        super().__init__(element_type=element_type or UnknownType(), length=length)

    @classmethod
    def of(cls, values: Iterable[Any]) -> Self:
        """Of these items; of any, where they do not agree, since W&B's `invalid` has no end."""
        items = list(values)
        element: Type = UnknownType()
        if any(item is None for item in items):
            element = UnionType([element, NoneType()])
        for item in items:
            element = element.assign(item)
            if element is INVALID:
                return cls(UnionType([AnyType(), NoneType()]), len(items))
        return cls(element, len(items))

    @property
    def element(self) -> Type:
        """The type of the items."""
        element: Type = self.params["element_type"]
        return element

    def assign(self, value: Any) -> Type:
        if isinstance(value, str | bytes | Mapping) or not hasattr(value, "__iter__"):
            return INVALID
        if getattr(value, "shape", None) == ():
            return INVALID  # numpy's arrays of no dimension have no items
        element, items = self.element, list(value)
        for item in items:
            element = element.assign(item)
            if element is INVALID:
                return INVALID
        if element is self.element and len(items) == self.params["length"]:
            return self
        return ListType(element, len(items))

    def assign_type(self, other: Type) -> Type:
        if not isinstance(other, ListType):
            return INVALID
        element = self.element.assign_type(other.element)
        if element is INVALID:
            return INVALID
        length: int | None = self.params["length"]
        return ListType(element, length if length == other.params["length"] else None)

    def __repr__(self) -> str:
        return f"{self.element}[]"


class NDArrayType(Type):
    """Of numpy's arrays of one shape. Where their bytes are kept is no part of the type."""

    name = "ndarray"

    def __init__(
        self, shape: Sequence[int], serialization_path: dict[str, str] | None = None
    ) -> None:
        super().__init__(shape=[int(each) for each in shape])
        self.kept = serialization_path

    def assign(self, value: Any) -> Type:
        shape = getattr(value, "shape", None)
        if isinstance(shape, tuple):
            return self if list(shape) == self.params["shape"] else INVALID
        # W&B takes any list, and then cannot save it.
        return (
            self if isinstance(value, list) and _shape(value) == self.params["shape"] else INVALID
        )

    def to_json(self, holder: Holder | None = None) -> dict[str, Any]:
        params = {"shape": self.params["shape"], "serialization_path": self.kept}
        return {"wb_type": self.name, "params": params}


class TypedDictType(Type):
    """Of dicts with these keys, each with a type of its own; what is missing counts as None."""

    name = "typedDict"

    def __init__(self, type_map: Mapping[Any, Type] | None = None) -> None:
        super().__init__(type_map=dict(type_map or {}))

    @classmethod
    def from_params(cls, params: dict[str, Any], source: Source | None) -> Self:
        return cls(params.get("type_map"))

    @property
    def types(self) -> dict[Any, Type]:
        """The type of each key."""
        types: dict[Any, Type] = self.params["type_map"]
        return types

    def assign(self, value: Any) -> Type:
        if not isinstance(value, dict) or not value.keys() <= self.types.keys():
            return INVALID
        return self._grown({key: kind.assign(value.get(key)) for key, kind in self.types.items()})

    def assign_type(self, other: Type) -> Type:
        if not isinstance(other, TypedDictType) or not other.types.keys() <= self.types.keys():
            return INVALID
        missing = UnknownType()
        return self._grown(
            {
                key: kind.assign_type(other.types.get(key, missing))
                for key, kind in self.types.items()
            }
        )

    def _grown(self, grown: dict[Any, Type]) -> Type:
        if any(each is INVALID for each in grown.values()):
            return INVALID
        if all(each is self.types[key] for key, each in grown.items()):
            return self
        return TypedDictType(grown)

    def __repr__(self) -> str:
        return str(self.types)


def _flat(members: Iterable[Type]) -> Iterable[Type]:
    for each in members:
        if isinstance(each, UnionType):
            yield from each.members
        else:
            yield each


def _shape(value: Any) -> list[int]:
    """The shape of nested lists, by their first items."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0] if value else None
    return shape
