"""What TensorBoard's plugin for hyperparameters keeps (its `plugin_data.proto`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from wbart.apis.importers.protobuf_wire import (
    bytes_key,
    chunks,
    double,
    fields,
    fixed64_key,
    text,
    varint_key,
)

PLUGIN = "hparams"
_START, _END = bytes_key(3), bytes_key(4)
_PARAMETERS, _GROUP, _BEGAN = bytes_key(1), bytes_key(4), fixed64_key(5)
_NAME, _VALUE = bytes_key(1), bytes_key(2)
_STATUS, _ENDED = varint_key(1), fixed64_key(2)
_NUMBER, _TEXT, _BOOL = fixed64_key(2), bytes_key(3), varint_key(4)
_STATES = {1: "finished", 2: "failed"}


@dataclass(slots=True)
class Session:
    """One training: its hyperparameters, and how it went."""

    parameters: dict[str, Any] = field(default_factory=dict)
    group: str = ""
    state: str = ""
    """`finished` or `failed`; empty while nothing is said."""
    began: float = 0.0
    ended: float = 0.0

    @property
    def is_known(self) -> bool:
        """Whether anything was said."""
        return self != Session()

    def read(self, content: bytes) -> None:
        """Take in what the plugin says with a tag. Raises WireInvalid."""
        for key, message in chunks(content):
            if key == _START:
                self._read_start(message)
            elif key == _END:
                self._read_end(message)

    def _read_start(self, message: bytes) -> None:
        for key, value in chunks(message):
            if key == _PARAMETERS:
                entry = dict(chunks(value))
                self.parameters[text(entry.get(_NAME, b""))] = _plain(entry.get(_VALUE, b""))
            elif key == _GROUP:
                self.group = text(value)
            elif key == _BEGAN:
                self.began = double(value)

    def _read_end(self, message: bytes) -> None:
        for key, value in fields(message):
            if key == _STATUS and isinstance(value, int):
                self.state = _STATES.get(value, "")
            elif key == _ENDED and isinstance(value, bytes):
                self.ended = double(value)


def _plain(message: bytes) -> Any:
    """A `google.protobuf.Value`, of which the plugin takes numbers, texts and truth values."""
    found: Any = None
    for key, value in fields(message):
        if key == _BOOL:
            found = bool(value)
        elif isinstance(value, bytes) and key == _NUMBER:
            found = double(value)
        elif isinstance(value, bytes) and key == _TEXT:
            found = text(value)
    return found
