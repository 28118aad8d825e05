"""Plotly: a figure that can be looked into."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from wbart.errors import ArgumentInvalid
from wbart.media.image import Image
from wbart.media.library import is_of, library
from wbart.media.mediafile import Media
from wbart.media.plain import as_json, plain
from wbart.media.value import Source


class Plotly(Media):
    """A figure of plotly's, the dict of one, or one of matplotlib's that plotly can convert."""

    _log_type = "plotly-file"
    _folder = "media/plotly"

    def __init__(self, val: Any) -> None:
        super().__init__()
        if is_of(val, "matplotlib"):
            val = _converted(val)
        if hasattr(val, "to_plotly_json"):
            val = val.to_plotly_json()
        if not isinstance(val, Mapping):
            raise ArgumentInvalid(
                "Logged plots must be plotly figures, or matplotlib plots convertible to plotly "
                "via mpl_to_plotly"
            )
        self.figure: dict[str, Any] = plain(val)
        """What the figure consists of: `data` and `layout`."""
        self._make(as_json(self.figure), ".plotly.json")

    @classmethod
    def make_plot_media(cls, val: Any) -> Image | Self:
        """What is best of a figure: a picture of one of matplotlib's that has pictures in it."""
        if is_of(val, "matplotlib") and _has_pictures(val):
            return Image(val)
        return cls(val)

    @classmethod
    def _read(cls, local: Path, json_obj: dict[str, Any], source: Source) -> Self:
        return cls(json.loads(local.read_bytes()))


def _has_pictures(value: Any) -> bool:
    return any(axes.images for axes in _figure(value).get_axes())


def _converted(value: Any) -> Any:
    if _has_pictures(value):
        raise ArgumentInvalid(
            "Plotly does not currently support converting matplotlib figures containing images: "
            "log wandb.Image(plt)"
        )
    tools = library("plotly.tools", "plotly", "a figure of matplotlib's, unless as wbart.Image,")
    return tools.mpl_to_plotly(_figure(value))


def _figure(value: Any) -> Any:
    return value if hasattr(value, "get_axes") else value.get_figure()
