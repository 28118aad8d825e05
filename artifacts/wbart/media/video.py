"""Video: a clip of moving pictures."""

from __future__ import annotations

import io
import logging
import os
from typing import Any, ClassVar

from wbart.errors import ArgumentInvalid
from wbart.media.library import is_array
from wbart.media.mediafile import Media
from wbart.media.value import Holder
from wbart.media.videoframes import encoded, frames

log = logging.getLogger(__name__)

_FPS = 4


class Video(Media):
    """A clip of a file, of bytes in an `io.BytesIO`, or of an array of frames.

    Frames are (time, channels, height, width), a batch of them one dimension more. A GIF of them
    needs Pillow, other formats moviepy. ValueError for bytes and frames without a format.
    """

    EXTS: ClassVar[tuple[str, ...]] = ("gif", "mp4", "webm", "ogg")
    _log_type = "video-file"
    _folder = "media/videos"

    def __init__(
        self,
        data_or_path: Any,
        caption: str | None = None,
        fps: int | None = None,
        format: str | None = None,
    ) -> None:
        super().__init__(caption)
        self._width: int | None = None
        self._height: int | None = None
        if fps and isinstance(data_or_path, io.BytesIO | str):
            log.warning(
                "`fps` argument does not affect the frame rate of the video when providing a "
                "file path or raw bytes."
            )
        if isinstance(data_or_path, str | os.PathLike):
            self._format = _known(os.path.splitext(data_or_path)[1][1:].lower())
            self._take(data_or_path)
        elif isinstance(data_or_path, io.BytesIO):
            self._format = _required(format, "raw bytes (an io object)")
            self._make(data_or_path.read(), f".{self._format}")
        else:
            self._format = _required(format, "a numpy array")
            self._encode(data_or_path, fps or _FPS)

    def to_json(self, holder: Holder) -> dict[str, Any]:
        """W&B's JSON of it."""
        sizes = {"width": self._width, "height": self._height}
        known = {name: size for name, size in sizes.items() if size is not None}
        return {**super().to_json(holder), **known}

    def _encode(self, data: Any, fps: int) -> None:
        data = data.numpy() if hasattr(data, "numpy") else data
        if not is_array(data):
            raise ArgumentInvalid("wandb.Video accepts a file path or numpy like data as input")
        images = frames(data)
        self._height, self._width = images.shape[1:3]
        self._make(encoded(images, fps, self._format), f".{self._format}")


def _required(format: str | None, source: str) -> str:
    if format is None:
        raise ArgumentInvalid(
            f"wandb.Video requires a `format` argument when initializing with {source}."
        )
    return _known(format)


def _known(format: str) -> str:
    if format not in Video.EXTS:
        raise ArgumentInvalid(f"wandb.Video accepts {', '.join(Video.EXTS)} formats")
    return format
