"""Object3D: a cloud of points, a scene, or a file of an object in space."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

from wbart.errors import ArgumentInvalid
from wbart.media.library import is_array, library
from wbart.media.mediafile import Media
from wbart.media.molecule import text_of
from wbart.media.plain import as_json, plain
from wbart.media.value import Holder, Source

_CLOUD = ".pts.json"
_SHAPES = (
    "The shape of the numpy array must be one of [[x y z], ...] nx3, [[x y z c], ...] nx4 where c "
    "is a category with supported range [1, 14], or [[x y z r g b], ...] nx6 where rgb is color"
)


class Object3D(Media):
    """Points of an array (n x 3, 4 or 6), a scene, a file, or an io object and its `file_type`.

    A scene is a dict whose `type` is `lidar/beta`, with `points`, `boxes` and `vectors`.
    Artifacts take points and scenes only. ValueError for all else.
    """

    SUPPORTED_TYPES: ClassVar[frozenset[str]] = frozenset(
        ("obj", "gltf", "glb", "babylon", "stl", "pts.json")
    )
    SUPPORTED_POINT_CLOUD_TYPES: ClassVar[frozenset[str]] = frozenset(("lidar/beta",))
    _log_type = "object3D-file"
    _folder = "media/object3D"

    def __init__(
        self, data_or_path: Any, caption: str | None = None, file_type: str | None = None
    ) -> None:
        super().__init__(caption)
        is_path = isinstance(data_or_path, str | os.PathLike)
        if not is_path and hasattr(data_or_path, "name"):
            data_or_path, is_path = data_or_path.name, True
        if is_path:
            self._take(data_or_path, _extension(os.fspath(data_or_path)))
        elif hasattr(data_or_path, "read"):
            if file_type is None:
                raise ArgumentInvalid("Must pass file type keyword argument when using io objects.")
            self._make(text_of(data_or_path), f".{_checked(file_type)}")
        elif isinstance(data_or_path, Mapping) and "type" in data_or_path:
            self._make(as_json(_scene(data_or_path)), _CLOUD)
        elif is_array(data_or_path):
            self._make(as_json(_points(data_or_path)), _CLOUD)
        else:
            raise ArgumentInvalid("data must be a numpy array, dict or a file object")

    @classmethod
    def from_file(cls, data_or_path: Any, file_type: str | None = None) -> Self:
        """Of a file's path, or of an io object and its file_type."""
        return cls(data_or_path, file_type=file_type)

    @classmethod
    def from_numpy(cls, data: Any) -> Self:
        """Of an array of points."""
        if not is_array(data):
            raise ArgumentInvalid("`data` must be a numpy array")
        return cls(data)

    @classmethod
    def from_point_cloud(
        cls,
        points: Sequence[Any],
        boxes: Sequence[Any],
        vectors: Sequence[Any] | None = None,
        point_cloud_type: str = "lidar/beta",
    ) -> Self:
        """Of a scene's points, boxes and vectors."""
        array = library("numpy", "numpy", "wbart.Object3D.from_point_cloud").array
        scene = {"type": point_cloud_type, "points": array(points), "boxes": boxes}
        return cls({**scene, "vectors": vectors if vectors is not None else []})

    def to_json(self, holder: Holder) -> dict[str, Any]:
        """W&B's JSON of it. Raises ArgumentInvalid in an artifact unless it is points."""
        if holder.kind == "artifact" and not self._local.endswith(_CLOUD):
            raise ArgumentInvalid("Non-point cloud 3D objects are not yet supported with Artifacts")
        return super().to_json(holder)

    @classmethod
    def _read(cls, local: Path, json_obj: dict[str, Any], source: Source) -> Self:
        return cls(local, caption=json_obj.get("caption"))


def _extension(path: str) -> str:
    for kind in sorted(Object3D.SUPPORTED_TYPES):
        if path.endswith(kind):
            return f".{kind}"
    raise ArgumentInvalid(
        f"File {path!r} is not compatible with Object3D: supported types are: {_known()}"
    )


def _checked(kind: str) -> str:
    if kind not in Object3D.SUPPORTED_TYPES:
        raise ArgumentInvalid(
            f"Object 3D only supports numpy arrays or files of the type: {_known()}"
        )
    return kind


def _known() -> str:
    return ", ".join(sorted(Object3D.SUPPORTED_TYPES))


def _scene(given: Mapping[str, Any]) -> dict[str, Any]:
    if given["type"] not in Object3D.SUPPORTED_POINT_CLOUD_TYPES:
        raise ArgumentInvalid("Type not supported, only 'lidar/beta' is currently supported")
    lists = {name: plain(given.get(name, [])) for name in ("vectors", "points", "boxes")}
    return {"type": given["type"], **lists}


def _points(array: Any) -> Any:
    if array.ndim != 2 or array.shape[1] not in (3, 4, 6):
        raise ArgumentInvalid(_SHAPES)
    return array.tolist()
