"""The artifact types of a registry: a list to which one only adds."""

from __future__ import annotations

from collections.abc import Iterable, MutableSequence
from typing import overload

from wbart import names
from wbart.errors import ArgumentInvalid


class AddOnlyTypes(MutableSequence[str]):
    """The types that are stored, then those in `draft`, which are not yet.

    A stored type cannot be removed or replaced (ValueError); a type that is there is not added.
    """

    def __init__(self, stored: Iterable[str] = ()) -> None:
        self._stored = tuple(stored)
        self._draft: list[str] = []

    @property
    def draft(self) -> tuple[str, ...]:
        """The types that `Registry.save()` will store."""
        return tuple(self._draft)

    def insert(self, index: int, value: str) -> None:
        """Add a type; one of a stored type's place goes behind the stored ones."""
        if names.artifact_type(value) not in self:
            at = index if index >= 0 else len(self) + index
            self._draft.insert(max(0, at - len(self._stored)), value)

    def remove(self, value: str) -> None:
        """Remove a type of the draft."""
        if value in self._stored:
            raise ArgumentInvalid(f"Cannot remove artifact type {value!r}: the registry has it")
        self._draft.remove(value)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        return [*self._stored, *self._draft][index]

    def __setitem__(self, index: int | slice, value: str | Iterable[str]) -> None:
        at = self._drafted(index)
        if not isinstance(value, str):
            raise ArgumentInvalid("one artifact type takes the place of one")
        self._draft[at] = names.artifact_type(value)

    def __delitem__(self, index: int | slice) -> None:
        del self._draft[self._drafted(index)]

    def _drafted(self, index: int | slice) -> int:
        """Where in the draft an index leads. Raises ArgumentInvalid for a stored type."""
        if isinstance(index, slice):
            raise ArgumentInvalid("Cannot remove artifact types by a slice")
        at = range(len(self))[index]
        if at < len(self._stored):
            raise ArgumentInvalid(
                f"Cannot remove artifact type {self._stored[at]!r}: the registry has it"
            )
        return at - len(self._stored)

    def __len__(self) -> int:
        return len(self._stored) + len(self._draft)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Iterable) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"AddOnlyTypes(stored={list(self._stored)}, draft={self._draft})"
