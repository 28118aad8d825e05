"""Events: what the records of an event file say (TensorFlow's `event.proto`, `summary.proto`)."""

from __future__ import annotations

from typing import Literal

import msgspec

from wbart.apis.importers.protobuf_wire import (
    bytes_key,
    chunks,
    double,
    fields,
    fixed32_key,
    fixed64_key,
    float32,
    signed,
    text,
    varint_key,
)

Kind = Literal["scalar", "image", "histogram", "audio", "tensor", ""]

_WALL_TIME, _STEP, _VERSION = fixed64_key(1), varint_key(2), bytes_key(3)
_SUMMARY, _SESSION = bytes_key(5), bytes_key(7)
_VALUE = bytes_key(1)
_TAG, _NODE, _METADATA, _SCALAR = bytes_key(1), bytes_key(7), bytes_key(9), fixed32_key(2)
_KINDS: dict[int, Kind] = {
    bytes_key(4): "image",
    bytes_key(5): "histogram",
    bytes_key(6): "audio",
    bytes_key(8): "tensor",
}
_PLUGIN, _NAME, _CONTENT = bytes_key(1), bytes_key(1), bytes_key(2)
_STATUS = varint_key(1)
START = 1
"""The status of a session that began, or began again."""


class Value(msgspec.Struct, frozen=True):
    """What one tag says in an event: a number, or a message of its kind, not yet read."""

    tag: str
    kind: Kind
    number: float = 0.0
    message: bytes = b""
    plugin: str | None = None
    """Who made it; None where it carries no metadata: the first value of its tag tells then."""
    content: bytes = b""
    """What the plugin keeps with the tag."""


class Event(msgspec.Struct, frozen=True):
    """What was written at a step. Graphs and logs are left out: they are no values."""

    wall_time: float
    step: int
    values: list[Value]
    version: str | None = None
    status: int = 0
    has_summary: bool = False


def decode(record: bytes) -> Event:
    """The event that a record holds. Raises WireInvalid."""
    wall_time, step, status = 0.0, 0, 0
    version: str | None = None
    values: list[Value] = []
    has_summary = False
    for key, value in fields(record):
        if isinstance(value, int):
            if key == _STEP:
                step = signed(value)
        elif key == _WALL_TIME:
            wall_time = double(value)
        elif key == _SUMMARY:
            has_summary = True
            values += [_value(inner) for at, inner in chunks(value) if at == _VALUE]
        elif key == _VERSION:
            version = text(value)
        elif key == _SESSION:
            status = next((n for at, n in fields(value) if at == _STATUS and type(n) is int), 0)
    return Event(wall_time, step, values, version, status, has_summary)


def _value(message: bytes) -> Value:
    tag, node, content, data = "", "", b"", b""
    plugin: str | None = None
    kind: Kind = ""
    number = 0.0
    for key, value in chunks(message):
        if key == _SCALAR:
            kind, number = "scalar", float32(value)
        elif key == _TAG:
            tag = text(value)
        elif key in _KINDS:
            kind, data = _KINDS[key], value
        elif key == _METADATA:
            plugin, content = _metadata(value)
        elif key == _NODE:
            node = text(value)
    # Tensors of old writers are named by the node of the graph that made them.
    return Value(tag or (node if kind == "tensor" else ""), kind, number, data, plugin, content)


def _metadata(message: bytes) -> tuple[str, bytes]:
    name, content = "", b""
    for key, plugin in chunks(message):
        if key == _PLUGIN:
            for inner, value in chunks(plugin):
                if inner == _NAME:
                    name = text(value)
                elif inner == _CONTENT:
                    content = value
    return name, content
