"""BoundingBoxes2D: boxes that are drawn over an image."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Number
from typing import Any, Self

from wbart.errors import ArgumentTypeInvalid
from wbart.media.imagemask import checked_labels
from wbart.media.labels import labelled
from wbart.media.mediafile import Media
from wbart.media.plain import as_json, plain
from wbart.media.value import Holder, Source

_CORNERS = ("minX", "maxX", "minY", "maxY")


class BoundingBoxes2D(Media):
    """Boxes: `box_data`, a list of dicts with a `position` each; `class_labels` names their ids.

    A position is minX, maxX, minY and maxY, or middle, width and height. Raises
    ArgumentTypeInvalid (a TypeError) for anything else.
    """

    _log_type = "bounding-boxes"
    _run_type = "boxes2D"
    _folder = "media/metadata/boxes2D"

    def __init__(self, val: Mapping[str, Any], key: str) -> None:
        super().__init__()
        val = plain(val)
        labels = checked_labels(val.get("class_labels") or {})
        self._key = key
        self._val: list[dict[str, Any]] = _checked(val.get("box_data"))
        if "class_labels" not in val:
            ids = {box["class_id"] for box in self._val if "class_id" in box}
            labels = {each: f"class_{each}" for each in sorted(ids)}
        self._class_labels: dict[Any, str] = labels
        self._make(as_json(val), ".boxes2D.json")

    def to_json(self, holder: Holder) -> Any:
        """W&B's: the boxes themselves in an artifact, a file in a run."""
        if holder.kind == "artifact":
            return self._val
        labelled(holder, "bounding_box/class_labels", self._key, self._class_labels)
        return super().to_json(holder)

    @classmethod
    def from_json(cls, json_obj: Any, source: Source) -> Self:
        """Boxes of the list that an artifact has of them."""
        return cls.of_data(json_obj, "")

    @classmethod
    def of_data(cls, box_data: Any, key: str) -> Self:
        """The boxes of that key of an image."""
        return cls({"box_data": box_data}, key)

    def _same_file(self, other: object) -> bool:
        return isinstance(other, BoundingBoxes2D) and self._val == other._val


def _checked(boxes: object) -> list[dict[str, Any]]:
    if not isinstance(boxes, list):
        raise ArgumentTypeInvalid("Boxes must be a list")
    for box in boxes:
        if not isinstance(box, dict) or not _has_place(box.get("position")):
            raise ArgumentTypeInvalid(
                "Each box must contain a position with: middle, width, and height or "
                "minX, maxX, minY, maxY."
            )
        _check_words(box)
    return boxes


def _has_place(position: object) -> bool:
    if not isinstance(position, dict):
        return False
    middle = position.get("middle")
    if isinstance(middle, list) and len(middle) == 2:
        wanted: tuple[str, ...] = ("width", "height")
    else:
        wanted = _CORNERS
    return all(isinstance(position.get(name), Number) for name in wanted)


def _check_words(box: dict[str, Any]) -> None:
    scores = box.get("scores", {})
    if not isinstance(scores, dict):
        raise ArgumentTypeInvalid("Box scores must be a dictionary")
    if not all(isinstance(name, str) for name in scores):
        raise ArgumentTypeInvalid("A score key must be a string")
    if not all(isinstance(score, Number) for score in scores.values()):
        raise ArgumentTypeInvalid("A score value must be a number")
    if "class_id" in box and not isinstance(box["class_id"], int):
        raise ArgumentTypeInvalid("A box's class_id must be an integer")
    if "box_caption" in box and not isinstance(box["box_caption"], str):
        raise ArgumentTypeInvalid("A box's caption must be a string")
