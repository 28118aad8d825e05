"""ImageMask: the class of each pixel of an image."""

from __future__ import annotations

import io
from collections.abc import Mapping
from numbers import Number
from pathlib import Path
from typing import Any, Self

from wbart.errors import ArgumentTypeInvalid
from wbart.media.labels import labelled
from wbart.media.library import is_of, library, pillow
from wbart.media.mediafile import Media
from wbart.media.value import Holder, Source


class ImageMask(Media):
    """A mask of an image: `mask_data`, a 2-D array of class ids from 0 to 255, or a `path`.

    `class_labels` names the ids; they are `class_<id>` unless given. Raises ArgumentTypeInvalid
    (a TypeError) for anything else.
    """

    _log_type = "mask"
    _folder = "media/images/mask"

    def __init__(self, val: Mapping[str, Any], key: str) -> None:
        super().__init__()
        self._key = key
        self._class_labels: dict[Any, str] = checked_labels(val.get("class_labels") or {})
        if "path" in val:
            self._take(val["path"])
        else:
            self._paint(val)

    def to_json(self, holder: Holder) -> dict[str, Any]:
        """W&B's JSON of it; a run keeps the labels beside."""
        if holder.kind == "run" and self._class_labels:
            labelled(holder, "mask/class_labels", self._key, self._class_labels)
        return super().to_json(holder)

    @classmethod
    def of_json(cls, json_obj: dict[str, Any], key: str, source: Source) -> Self:
        """The mask of that key of an image that was read."""
        mask = cls.from_json(json_obj, source)
        mask._key = key
        return mask

    @classmethod
    def _read(cls, local: Path, json_obj: dict[str, Any], source: Source) -> Self:
        return cls({"path": local}, "")

    @property
    def _val(self) -> dict[str, Any]:
        """What types of columns ask for, as W&B names it."""
        return {"class_labels": self._class_labels} if self._class_labels else {}

    def _paint(self, val: Mapping[str, Any]) -> None:
        if "mask_data" not in val:
            raise ArgumentTypeInvalid(
                'Missing key "mask_data": An image mask requires mask data: a 2D array '
                "representing the predictions"
            )
        numpy = library("numpy", "numpy", "wbart.ImageMask")
        data = val["mask_data"]
        array = numpy.asarray(data.cpu() if is_of(data, "torch") else data)
        if array.ndim != 2:
            raise ArgumentTypeInvalid("mask_data must be a 2D array")
        if array.dtype.kind not in "biuf" or not ((array >= 0) & (array <= 255)).all():
            raise ArgumentTypeInvalid("Mask data must be integers between 0 and 255")
        array = array.astype("uint8")
        if "class_labels" not in val:
            ids = numpy.unique(array).tolist()
            self._class_labels = {each: f"class_{each}" for each in ids}
        buffer = io.BytesIO()
        pillow("wbart.ImageMask").fromarray(array).save(buffer, format="PNG")
        self._make(buffer.getvalue(), ".mask.png")


def checked_labels(labels: object) -> dict[Any, str]:
    """Raises ArgumentTypeInvalid unless the labels are names by number."""
    if not isinstance(labels, Mapping) or not all(
        isinstance(key, Number) and isinstance(name, str) for key, name in labels.items()
    ):
        raise ArgumentTypeInvalid("Class labels must be a dictionary of numbers to strings")
    return dict(labels)
