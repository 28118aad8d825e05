"""What W&B puts into records: its protocol buffers by field number, and values as JSON.

The numbers are facts of W&B's `wandb_internal.proto`, the same in all its releases since 0.10.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from wbart.apis.importers import protobuf_wire as wire
from wbart.errors import ArgumentInvalid

Keys = tuple[str, ...]
"""Where a value belongs in nested dicts."""

_KEY, _NESTED_KEY, _VALUE_JSON = 1, 2, 16
_NONE, _BOOLEAN, _INTEGER, _NUMBER, _TEXT, _JSON = range(3, 9)
_NANOS: Final = 1e-9
_HALF: Final = "\\ud"
"""How JSON begins to spell the half of a letter."""


class Message:
    """The fields of one message. What it reads raises ValueError where it is not as it must be."""

    __slots__ = ("_fields",)

    def __init__(self, data: bytes) -> None:
        self._fields: dict[int, list[int | bytes]] = {}
        for key, value in wire.fields(data):
            self._fields.setdefault(key, []).append(value)

    def text(self, number: int) -> str:
        """The text of a field; empty when it is not there."""
        found = self._chunks(number)
        return wire.text(found[-1]) if found else ""

    def texts(self, number: int) -> list[str]:
        """All texts of a repeated field."""
        return [wire.text(each) for each in self._chunks(number)]

    def integer(self, number: int) -> int:
        """The number of a field; 0 when it is not there."""
        found = self._fields.get(wire.varint_key(number))
        return wire.signed(int(found[-1])) if found else 0

    def has_integer(self, number: int) -> bool:
        """Whether a number is said, be it 0."""
        return wire.varint_key(number) in self._fields

    def double(self, number: int) -> float | None:
        """The double of a field."""
        found = self._fields.get(wire.fixed64_key(number))
        return wire.double(found[-1]) if found else None  # type: ignore[arg-type]

    def message(self, number: int) -> Message | None:
        """The message of a field."""
        found = self._chunks(number)
        return Message(found[-1]) if found else None

    def messages(self, number: int) -> Iterator[Message]:
        """All messages of a repeated field."""
        return map(Message, self._chunks(number))

    def seconds(self, number: int) -> float | None:
        """The time of a field of `Timestamp`, in seconds since the epoch."""
        found = self.message(number)
        return None if found is None else found.integer(1) + found.integer(2) * _NANOS

    def items(self, number: int) -> Iterator[tuple[Keys, Any]]:
        """The values of a repeated field of items: config, summary, history, samples."""
        return ((keys(each), value(each)) for each in self.messages(number))

    def _chunks(self, number: int) -> list[bytes]:
        return self._fields.get(wire.bytes_key(number), [])  # type: ignore[return-value]


def body(record: bytes, numbers: Mapping[int, str]) -> tuple[str, bytes] | None:
    """The name of what a record says, of those that are asked for, and the message that says it."""
    for key, content in wire.fields(record):
        name = numbers.get(wire.number_of(key))
        if name is not None and isinstance(content, bytes):
            return name, content
    return None


def keys(item: Message) -> Keys:
    """Where an item's value belongs."""
    return tuple(item.texts(_NESTED_KEY)) or (item.text(_KEY),)


def value(item: Message) -> Any:
    """An item's value: JSON in which NaN and Infinity stand as such, or, in newer ones, typed."""
    found = item.text(_VALUE_JSON) or item.text(_JSON)
    if found:
        return loaded(found)
    if item.has_integer(_BOOLEAN):
        return bool(item.integer(_BOOLEAN))
    if item.has_integer(_INTEGER):
        zigzag = item.integer(_INTEGER) & (1 << 64) - 1
        return zigzag >> 1 ^ -(zigzag & 1)
    number = item.double(_NUMBER)
    if number is not None or item.has_integer(_NONE):
        return number
    return item.text(_TEXT) if item.texts(_TEXT) else None


def loaded(text: str) -> Any:
    """The value of a JSON text. Halves of letters, which no text holds, become question marks."""
    found = json.loads(text)
    if _HALF not in text.lower():
        return found
    return json.loads(json.dumps(found, ensure_ascii=False).encode(errors="replace"))


@contextmanager
def told(where: object) -> Iterator[None]:
    """Turn what is wrong with a record into an ArgumentInvalid that names the file."""
    try:
        yield
    except ArgumentInvalid:
        raise
    except (ValueError, OverflowError, RecursionError) as error:
        reason = str(error).partition("\n")[0]
        raise ArgumentInvalid(f"{where} holds a record that cannot be read: {reason}") from error


def put_in(values: dict[str, Any], path: Keys, value: Any) -> None:
    """Set a value in nested dicts, which are made where they lack."""
    for name in path[:-1]:
        inner = values.get(name)
        if not isinstance(inner, dict):
            values[name] = inner = {}
        values = inner
    values[path[-1]] = value


def take_out(values: dict[str, Any], path: Keys) -> None:
    """Remove a value from nested dicts, if it is there."""
    for name in path[:-1]:
        inner = values.get(name)
        if not isinstance(inner, dict):
            return
        values = inner
    values.pop(path[-1], None)
