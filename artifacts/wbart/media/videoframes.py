"""Frames of an array, side by side if there are several clips, and encoded."""

from __future__ import annotations

import io
import logging
import tempfile
from pathlib import Path
from typing import Any

from wbart.errors import ArgumentInvalid
from wbart.media.library import library, pillow

log = logging.getLogger(__name__)


def frames(data: Any) -> Any:
    """Frames (time, height, width, channels) of (time, channels, height, width), or of a batch.

    Those of a batch stand in a grid whose room is a power of two, as in W&B's.
    """
    numpy = library("numpy", "numpy", "wbart.Video of raw data")
    array = numpy.asarray(data)
    if array.ndim not in (4, 5):
        raise ArgumentInvalid("Video must be at least 4 dimensions: time, channels, height, width")
    if array.ndim == 4:
        array = array[None]
    if array.shape[2] not in (1, 3, 4) or 0 in array.shape:
        raise ArgumentInvalid(f"no frames of 1, 3 or 4 channels are in {list(array.shape)}")
    if array.dtype != numpy.uint8:
        log.warning("Converting video data to uint8")
        array = array.astype(numpy.uint8)
    batch, time, channels, height, width = array.shape
    room = 1 << (batch - 1).bit_length()
    padding = numpy.zeros((room - batch, time, channels, height, width), numpy.uint8)
    array = numpy.concatenate((array, padding))
    rows = 1 << ((batch.bit_length() - 1) // 2)
    grid = array.reshape(rows, room // rows, time, channels, height, width)
    turned = grid.transpose(2, 0, 4, 1, 5, 3)
    return turned.reshape(time, rows * height, (room // rows) * width, channels)


def encoded(images: Any, fps: int, kind: str) -> bytes:
    """The frames as a GIF by Pillow, or as another kind by moviepy."""
    return _gif(images, fps) if kind == "gif" else _film(images, fps, kind)


def _gif(images: Any, fps: int) -> bytes:
    pil = pillow("wbart.Video of raw data")
    pictures = [pil.fromarray(each.squeeze()) for each in images]
    buffer = io.BytesIO()
    pictures[0].save(
        buffer,
        format="GIF",
        save_all=True,
        append_images=pictures[1:],
        duration=1000 / fps,
        loop=0,
    )
    return buffer.getvalue()


def _film(images: Any, fps: int, kind: str) -> bytes:
    module = "moviepy.video.io.ImageSequenceClip"
    moviepy = library(module, "moviepy", f"a {kind} of raw data")
    clip = moviepy.ImageSequenceClip(list(images), fps=fps)
    with tempfile.TemporaryDirectory(prefix="wbart-media-") as folder:
        path = Path(folder, f"film.{kind}")
        clip.write_videofile(str(path), logger=None)
        return path.read_bytes()
