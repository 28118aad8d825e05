"""The fields that a kind of row has, by all the names that filters call them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from wbart.errors import ArgumentInvalid

Kind = Literal["text", "number", "time", "list"]
_KEY = re.compile(r'[^"\\\x00-\x1f]+')


@dataclass(frozen=True, slots=True)
class Column:
    """A column of plain values; `time` is kept as seconds since the epoch, `list` as JSON."""

    name: str
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Document:
    """A column of a flat JSON object (see `wbart.query.flat`), whose keys are fields.

    With wrapped, `x.value` also means `x`, as W&B's server spells config.
    """

    name: str
    wrapped: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A place in a row: a column, and for a document the keys to try, the first that is there."""

    column: str
    kind: Kind | Literal["document"]
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Schema:
    """Which names are fields: those of columns, and all that begin with a document's name."""

    columns: Mapping[str, Column]
    documents: Mapping[str, Document]

    def field(self, name: str) -> Field:
        """The field of a name. ArgumentInvalid for a name that none has."""
        if (column := self.columns.get(name)) is not None:
            return Field(column.name, column.kind)
        head, dot, key = name.partition(".")
        document = self.documents.get(head)
        if document is None or not dot or not key:
            known = ", ".join((*self.columns, *(f"{each}.*" for each in self.documents)))
            raise ArgumentInvalid(f"Invalid filter fields: {name!r}; there are: {known}")
        if _KEY.fullmatch(key) is None:
            raise ArgumentInvalid(
                f"a field must not hold quotes, backslashes or controls: {name!r}"
            )
        short = key.removesuffix(".value")
        keys = (key, short) if document.wrapped and short not in ("", key) else (key,)
        return Field(document.name, "document", keys)
