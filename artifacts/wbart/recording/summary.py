"""The summary of a run while it is written: the last value of each metric, and what users say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wbart.recording.media import Keep, is_media
from wbart.recording.value import to_json
from wbart.recording.values import RunValues


class Summary(RunValues):
    """JSON values by name. What is set by hand stays until the same name is logged again."""

    def __init__(self, values: Mapping[str, Any], keep: Keep) -> None:
        super().__init__(values, _nothing)
        self._keep_media = keep

    def _accept(self, name: str, value: object) -> Any:
        return self._keep_media(name, value) if is_media(value) else to_json(value)

    def take_row(self, row: Mapping[str, Any]) -> None:
        """Let the values of a row that was just logged, JSON values already, be the last ones."""
        self._keep(row)


def _nothing() -> None:
    """The summary is stored with the history; a single change is not worth a request."""
