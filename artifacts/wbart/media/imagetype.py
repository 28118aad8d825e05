"""The type of a column whose cells are images: their classes, and those of boxes and masks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from wbart.media.compoundtype import ConstType
from wbart.media.dtype import INVALID, Type

if TYPE_CHECKING:
    from wbart.media.value import Source

_Layers = Mapping[str, Any]


class ImageType(Type):
    """Of images; it gathers the classes that occur in any of them."""

    name = "image-file"

    def __init__(
        self,
        box_layers: _Layers | None = None,
        box_score_keys: Any = None,
        mask_layers: _Layers | None = None,
        box_class_maps: _Layers | None = None,
        mask_class_maps: _Layers | None = None,
        class_map: _Layers | None = None,
    ) -> None:
        super().__init__(
            box_layers=ConstType({key: set(ids) for key, ids in (box_layers or {}).items()}),
            box_score_keys=ConstType(set(box_score_keys or ())),
            mask_layers=ConstType({key: set(ids) for key, ids in (mask_layers or {}).items()}),
            box_class_maps=ConstType(_maps(box_class_maps)),
            mask_class_maps=ConstType(_maps(mask_class_maps)),
            class_map=ConstType(dict(class_map or {})),
        )

    @classmethod
    def from_params(cls, params: dict[str, Any], source: Source | None) -> Self:
        known = ("box_layers", "box_score_keys", "mask_layers", "box_class_maps")
        names = (*known, "mask_class_maps", "class_map")
        values = {name: params[name] for name in names if name in params}
        return cls(
            **{
                name: each.params["val"] if isinstance(each, ConstType) else each
                for name, each in values.items()
            }
        )

    @classmethod
    def of(cls, image: Any) -> Self:
        """Of one image, by its boxes, masks and classes."""
        boxes, masks = getattr(image, "_boxes", None) or {}, getattr(image, "_masks", None) or {}
        box_labels = {str(key): box._class_labels or {} for key, box in boxes.items()}
        mask_values = {str(key): getattr(mask, "_val", None) or {} for key, mask in masks.items()}
        mask_labels = {key: value.get("class_labels") or {} for key, value in mask_values.items()}
        scores = {
            name
            for box in boxes.values()
            for each in getattr(box, "_val", None) or ()
            for name in each.get("scores") or ()
        }
        classes = getattr(image, "_classes", None)
        class_set = classes._class_set if classes is not None else []
        return cls(
            {key: set(labels) for key, labels in box_labels.items()},
            scores,
            {key: set(labels) for key, labels in mask_labels.items()},
            box_labels,
            {key: labels for key, labels in mask_labels.items() if labels},
            {str(each["id"]): each["name"] for each in class_set},
        )

    def assign_type(self, other: Type) -> Type:
        if not isinstance(other, ImageType):
            return INVALID
        if self.params == other.params:
            return self
        return ImageType(
            _layers(self._val("box_layers"), other._val("box_layers")),
            self._val("box_score_keys") | other._val("box_score_keys"),
            _layers(self._val("mask_layers"), other._val("mask_layers")),
            _merged(self._val("box_class_maps"), other._val("box_class_maps")),
            _merged(self._val("mask_class_maps"), other._val("mask_class_maps")),
            {**other._val("class_map"), **self._val("class_map")},
        )

    def _val(self, name: str) -> Any:
        return self.params[name].params["val"]


def _maps(maps: _Layers | None) -> dict[str, dict[str, Any]]:
    return {
        str(key): {str(number): label for number, label in labels.items()}
        for key, labels in (maps or {}).items()
    }


def _layers(mine: _Layers, others: _Layers) -> dict[str, Any]:
    return {key: set(mine.get(key, ())) | set(others.get(key, ())) for key in {**others, **mine}}


def _merged(mine: _Layers, others: _Layers) -> dict[str, Any]:
    return {key: {**others.get(key, {}), **mine.get(key, {})} for key in {**others, **mine}}
