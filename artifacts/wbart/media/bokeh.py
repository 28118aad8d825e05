"""Bokeh: a plot that can be looked into."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid
from wbart.media.library import is_of, library
from wbart.media.mediafile import Media
from wbart.media.plain import as_json

_EXTENSION = ".bokeh.json"


class Bokeh(Media):
    """A plot: a model or document of bokeh's, or the path of a document's JSON.

    Raises ArgumentTypeInvalid (a TypeError) for anything else.
    """

    _log_type = "bokeh-file"
    _folder = "media/bokeh"

    def __init__(self, data_or_path: Any) -> None:
        super().__init__()
        self._document: Any = None
        if isinstance(data_or_path, str | os.PathLike):
            self._take(data_or_path)
            self._check()
        elif is_of(data_or_path, "bokeh"):
            self._document = _document(data_or_path)
            self._make(as_json(_written(self._document)), _EXTENSION)
        else:
            raise ArgumentTypeInvalid(
                "Bokeh constructor accepts Bokeh document/model or path to Bokeh json file"
            )

    @property
    def b_obj(self) -> Any:
        """The plot as bokeh's document. Raises UsageError when bokeh is not installed."""
        if self._document is None:
            found = json.loads(Path(self._local).read_bytes())
            self._document = _library().Document.from_json(found)
        return self._document

    def _check(self) -> None:
        self._extension = _EXTENSION
        try:
            found = json.loads(Path(self._local).read_bytes())
        except ValueError as error:
            raise ArgumentInvalid(f"{self._local!r} is not JSON: {error}") from error
        if not isinstance(found, dict) or "roots" not in found:
            raise ArgumentInvalid(f"{self._local!r} is no document of bokeh's")


def _library() -> Any:
    return library("bokeh.document", "bokeh", "wbart.Bokeh")


def _document(value: Any) -> Any:
    kind = _library().Document
    if isinstance(value, kind):
        return value
    if not hasattr(value, "references"):
        raise ArgumentTypeInvalid(f"Bokeh takes models and documents, not {type(value).__name__}")
    made = kind()
    made.add_root(value)
    # Reading what was written puts the attributes in order, so that digests are the same.
    return kind.from_json(_written(made))


def _written(document: Any) -> Any:
    try:
        return document.to_json(deferred=False)
    except TypeError:  # before bokeh 3
        return document.to_json()
