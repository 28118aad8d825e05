"""Image: a picture, with masks and boxes drawn over it."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, cast
from urllib.parse import urlsplit

from wbart.errors import ArgumentInvalid
from wbart.media.boundingboxes import BoundingBoxes2D
from wbart.media.classes import Classes
from wbart.media.imagemask import ImageMask
from wbart.media.library import pillow
from wbart.media.mediafile import Media, is_reference
from wbart.media.pixels import FORMATS, picture
from wbart.media.value import Holder, Origin, Source

if TYPE_CHECKING:
    from wbart.media.dtype import Type

Kind = TypeVar("Kind", BoundingBoxes2D, ImageMask)


class Image(Media):
    """A picture of a file, an array, a tensor, a figure, a `PIL.Image` or another Image.

    Arrays are (height, width) or (height, width, channels) of values from 0 to 255. Masks and
    boxes need classes, or class labels of their own, to lie in an artifact. A path may be an
    http, s3 or gs URI: an artifact refers to it.
    """

    MAX_ITEMS: ClassVar[int] = 108
    """The most of a list that a run keeps."""
    _log_type = "image-file"
    _folder = "media/images"

    def __init__(
        self,
        data_or_path: Any,
        mode: str | None = None,
        caption: str | None = None,
        grouping: int | None = None,
        classes: Classes | Sequence[Mapping[str, Any]] | None = None,
        boxes: Mapping[str, BoundingBoxes2D | dict[str, Any]] | None = None,
        masks: Mapping[str, ImageMask | dict[str, Any]] | None = None,
        file_type: str | None = None,
        normalize: bool = False,
    ) -> None:
        super().__init__(caption)
        self._grouping: int | None = None
        self._classes: Classes | None = None
        self._width: int | None = None
        self._height: int | None = None
        self.format: str | None = None
        if isinstance(data_or_path, Image):
            self.__dict__.update(data_or_path.__dict__)
            self._target = None
            # The file is the same one, what is said of it may not be.
            self._origin = Origin(self._origin.source) if self._origin is not None else None
        elif not isinstance(data_or_path, str | os.PathLike):
            self._draw(data_or_path, mode, file_type, normalize)
        elif is_reference(os.fspath(data_or_path)):
            self._refer(os.fspath(data_or_path))
            self.format = urlsplit(self._local).path.rpartition("/")[2].rpartition(".")[2]
        else:
            self._open(os.fspath(data_or_path))
        self._caption = caption if caption is not None else self._caption
        self._grouping = grouping if grouping is not None else self._grouping
        self._boxes = _each(boxes, "boxes", BoundingBoxes2D)
        self._masks = _each(masks, "masks", ImageMask)
        self._classes = self._all_classes(classes) or self._classes

    @property
    def image(self) -> Any:
        """The picture as a `PIL.Image`; None of a reference."""
        if self._is_reference:
            return None
        with pillow("wbart.Image").open(self._local) as found:
            found.load()
        return found

    def to_data_array(self) -> list[list[Any]]:
        """The pixels, row by row."""
        found = self.image
        if found is None:
            return []
        flat = getattr(found, "get_flattened_data", None) or found.getdata
        pixels = list(flat())
        return [pixels[row * found.width :][: found.width] for row in range(found.height)]

    def to_json(self, holder: Holder) -> dict[str, Any]:
        """W&B's JSON of it. Raises ArgumentInvalid for boxes or masks in artifacts sans classes."""
        kept = holder.kind == "artifact"
        if kept and (self._masks or self._boxes) and self._classes is None:
            raise ArgumentInvalid(
                "classes must be passed to wandb.Image which have masks or bounding boxes when "
                "adding to artifacts"
            )
        found = {**super().to_json(holder), "format": self.format}
        sizes = {"width": self._width, "height": self._height, "grouping": self._grouping}
        found |= {name: value for name, value in sizes.items() if value}
        if kept and self._classes is not None:
            found["classes"] = _held_classes(self._classes, holder)
        if self._boxes:
            found["boxes"] = {key: each.to_json(holder) for key, each in self._boxes.items()}
        if self._masks:
            found["masks"] = {key: each.to_json(holder) for key, each in self._masks.items()}
        return found

    @classmethod
    def _read(cls, local: Path, json_obj: dict[str, Any], source: Source) -> Self:
        about = json_obj.get("classes")
        classes = source.get(str(about["path"])) if about else None
        boxes = json_obj.get("boxes") or {}
        masks = json_obj.get("masks") or {}
        return cls(
            local,
            caption=json_obj.get("caption"),
            grouping=json_obj.get("grouping"),
            classes=classes if isinstance(classes, Classes) else None,
            boxes={key: BoundingBoxes2D.of_data(each, key) for key, each in boxes.items()},
            masks={key: ImageMask.of_json(each, key, source) for key, each in masks.items()},
        )

    @classmethod
    def class_type(cls) -> Type:
        """The type of a column that is declared to hold images."""
        from wbart.media.imagetype import ImageType

        return ImageType()

    def value_type(self) -> Type:
        """The type of a column that holds it: it tells of its boxes, masks and classes."""
        from wbart.media.imagetype import ImageType

        return ImageType.of(self)

    def _open(self, path: str) -> None:
        self._take(path)
        try:
            with pillow("wbart.Image").open(path) as found:
                found.load()
        except OSError as error:
            raise ArgumentInvalid(f"no picture can be read from {path!r}: {error}") from error
        self._width, self._height = found.size
        self.format = os.path.splitext(path)[1][1:]

    def _draw(self, data: Any, mode: str | None, file_type: str | None, normalize: bool) -> None:
        self.format = file_type or "png"
        if self.format not in FORMATS:
            raise ArgumentInvalid(f"file_type must be one of {list(FORMATS)}")
        found = picture(data, mode, file_type, normalize=normalize)
        buffer = io.BytesIO()
        kind = "JPEG" if self.format in ("jpg", "jpeg") else self.format.upper()
        try:
            found.save(buffer, format=kind, transparency=None)
        except OSError as error:
            raise ArgumentInvalid(f"no {self.format} can be made of it: {error}") from error
        self._width, self._height = found.size
        self._make(buffer.getvalue(), f".{self.format}")

    def _all_classes(self, classes: Classes | Sequence[Mapping[str, Any]] | None) -> Classes | None:
        """Those of its boxes, masks and its own, by id."""
        names: dict[Any, Any] = {}
        for box in (self._boxes or {}).values():
            names.update(box._class_labels)
        for mask in (self._masks or {}).values():
            names.update(mask._class_labels)
        own = (
            classes
            if isinstance(classes, Classes)
            else Classes([dict(each) for each in classes or ()])
        )
        names.update((each["id"], each["name"]) for each in own._class_set)
        found = [{"id": key, "name": name} for key, name in names.items()]
        return Classes(found) if found else None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Image):
            return False
        return self._facts() == other._facts() and self._same_picture(other)

    __hash__ = None

    def _facts(self) -> tuple[Any, ...]:
        return self._grouping, self._caption, self._width, self._height, self._classes

    def _same_picture(self, other: Image) -> bool:
        if self._same_file(other):
            return True
        mine, others = self.image, other.image
        if mine is None or others is None:
            return False
        return cast("bool", mine.mode == others.mode and mine.tobytes() == others.tobytes())


def _each(
    given: Mapping[str, Kind | dict[str, Any]] | None, name: str, kind: type[Kind]
) -> dict[str, Kind] | None:
    if given is not None and not isinstance(given, Mapping):
        raise ArgumentInvalid(f'Images "{name}" argument must be a dictionary')
    if not given:
        return None
    return {
        key: each if isinstance(each, kind) else kind(cast("dict[str, Any]", each), key)
        for key, each in given.items()
    }


def _held_classes(classes: Classes, holder: Holder) -> dict[str, Any]:
    """The classes as an object of their own, named by them."""
    name = hashlib.md5(str(classes._class_set).encode(), usedforsecurity=False).hexdigest()
    held = holder.hold_value(classes, f"media/classes/{name}_cls")
    return {"type": "classes-file", "path": held.path, "digest": held.digest}
