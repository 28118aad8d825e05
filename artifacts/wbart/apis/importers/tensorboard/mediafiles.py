"""Media of events as files of a run, and W&B's JSON for them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wbart.apis.importers.protobuf_wire import WireInvalid, bytes_key, fields, signed, varint_key
from wbart.apis.importers.tensorboard.tensor import Tensor

_HEIGHT, _WIDTH, _IMAGE = varint_key(1), varint_key(2), bytes_key(4)
_SOUND = bytes_key(4)
_IMAGES = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"BM": "bmp", b"GIF8": "gif"}
_SOUNDS = {b"RIFF": "wav", b"fLaC": "flac", b"OggS": "ogg", b"ID3": "mp3", b"\xff\xfb": "mp3"}


class MediaFiles:
    """Keeps encoded images and sounds in a folder, named by their content.

    What is no image or sound that we know raises WireInvalid.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files: dict[str, Path] = {}
        """Where each file lies, by the path that it has in the run."""

    def image(self, message: bytes) -> dict[str, Any]:
        """The JSON of a `Summary.Image`."""
        width = height = 0
        data = b""
        for key, value in fields(message):
            if key == _WIDTH and isinstance(value, int):
                width = signed(value)
            elif key == _HEIGHT and isinstance(value, int):
                height = signed(value)
            elif key == _IMAGE and isinstance(value, bytes):
                data = value
        return self._image(data, width, height)

    def images(self, tensor: Tensor) -> dict[str, Any]:
        """The JSON of a tensor of texts: width, height, and the images, all of this size."""
        if len(tensor.texts) < 3:
            raise WireInvalid(f"a tensor of images has {len(tensor.texts)} texts")
        try:
            width, height = int(tensor.texts[0]), int(tensor.texts[1])
        except ValueError as error:
            raise WireInvalid("a tensor of images does not tell their size") from error
        found = [self._image(data, width, height) for data in tensor.texts[2:]]
        if len(found) == 1:
            return found[0]
        if any(each["_type"] == "video-file" for each in found):
            return {"_type": "videos", "count": len(found), "videos": found}
        return {
            "_type": "images/separated",
            "width": width,
            "height": height,
            "format": found[0]["format"],
            "count": len(found),
            "filenames": [each["path"] for each in found],
        }

    def sound(self, message: bytes) -> dict[str, Any]:
        """The JSON of a `Summary.Audio`."""
        found = (value for key, value in fields(message) if key == _SOUND)
        data = next(found, b"")
        return self._sound(data if isinstance(data, bytes) else b"")

    def sounds(self, tensor: Tensor) -> dict[str, Any]:
        """The JSON of a tensor of texts: sounds, or pairs of a sound and what it is called."""
        paired = len(tensor.shape) == 2 and tensor.shape[1] == 2
        found = [self._sound(data) for data in tensor.texts[:: 2 if paired else 1]]
        for each, caption in zip(found, tensor.texts[1::2] if paired else (), strict=False):
            if caption:
                each["caption"] = caption.decode("utf-8", "replace")
        if not found:
            raise WireInvalid("a tensor of sounds has none")
        if len(found) == 1:
            return found[0]
        return {"_type": "audio", "count": len(found), "audio": found}

    def _image(self, data: bytes, width: int, height: int) -> dict[str, Any]:
        format_ = _format(data, _IMAGES, "image")
        if format_ == "gif":  # tensorboardX writes videos so; W&B takes them for such
            return {**self._keep("video-file", "videos", data, format_), **_size(width, height)}
        kept = self._keep("image-file", "images", data, format_)
        return {**kept, "format": format_, **_size(width, height)}

    def _sound(self, data: bytes) -> dict[str, Any]:
        return self._keep("audio-file", "audio", data, _format(data, _SOUNDS, "sound"))

    def _keep(self, type_: str, kind: str, data: bytes, suffix: str) -> dict[str, Any]:
        digest = hashlib.sha256(data).hexdigest()
        path = f"media/{kind}/{digest[:20]}.{suffix}"
        if path not in self.files:
            local = self._folder / f"{digest}.{suffix}"
            local.write_bytes(data)
            self.files[path] = local
        return {"_type": type_, "path": path, "sha256": digest, "size": len(data)}


def texts(tensor: Tensor) -> Any:
    """The texts of a tensor: one as such, more of them in lists as the shape says."""
    found: list[Any] = [each.decode("utf-8", "replace") for each in tensor.texts]
    for size in reversed(tensor.shape[1:]):
        if size <= 0 or len(found) % size:
            raise WireInvalid(f"a tensor of shape {tensor.shape} has {len(tensor.texts)} texts")
        found = _grouped(found, size)
    if not tensor.shape and len(found) != 1:
        raise WireInvalid(f"a tensor of one text has {len(found)}")
    return found[0] if len(found) == 1 and len(tensor.shape) < 2 else found


def _grouped(found: Sequence[Any], size: int) -> list[Any]:
    return [list(found[at : at + size]) for at in range(0, len(found), size)]


def _size(width: int, height: int) -> dict[str, int]:
    return {"width": width, "height": height}


def _format(data: bytes, known: dict[bytes, str], what: str) -> str:
    for magic, name in known.items():
        if data.startswith(magic):
            return name
    if what == "image" and data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    raise WireInvalid(f"an {what} is in no form that is known")
