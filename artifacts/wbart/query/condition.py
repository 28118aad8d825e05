"""What a filter means, once it has been parsed.

A condition looks at the value of one field. The rules are MongoDB's where W&B's pages are silent:

* A list fulfils a condition when one of its members does; `$eq` and `$in` also look at the whole.
* Numbers are compared with numbers, text with text (by code point), and nothing with anything
  else: such a comparison is false, not an error. True and False are no numbers.
* A field that is not there is equal to None, and to nothing else; no range holds for it.
* `$ne`, `$nin` and `$not` are the opposite of what they deny, so they hold where nothing is.
* `$regex` is searched for anywhere, and heeds anchors.
* Integers beyond 64 bits are compared as floating-point numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from wbart.query.fields import Field

Operator = Literal[
    "$eq", "$gt", "$gte", "$lt", "$lte", "$in", "$exists", "$regex", "$contains", "$all", "$size"
]


@dataclass(frozen=True, slots=True)
class Test:
    """One field's value against one operand."""

    __test__ = False  # no test of pytest's

    field: Field
    operator: Operator
    operand: object


@dataclass(frozen=True, slots=True)
class Every:
    """All parts hold; true when there are none."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """At least one part holds; false when there are none."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Condition


Condition = Test | Every | Any | Not
