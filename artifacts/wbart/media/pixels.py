"""Pictures of Pillow's made of what programs have: arrays, tensors, figures."""

from __future__ import annotations

import io
import logging
from typing import Any

from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid
from wbart.media.library import is_of, library, pillow

log = logging.getLogger(__name__)

FORMATS = ("png", "jpg", "jpeg", "bmp")
_USER = "wbart.Image"


def picture(data: Any, mode: str | None, file_type: str | None, *, normalize: bool) -> Any:
    """A `PIL.Image` of a picture, a numpy array, a tensor, or a figure of matplotlib.

    Arrays are (height, width), or with 1, 3 or 4 channels last, a torch tensor with them first;
    values from 0 to 255. Raises ArgumentInvalid for other shapes.
    """
    images = pillow(_USER)
    if isinstance(data, images.Image):
        return data
    if is_of(data, "matplotlib") or getattr(data, "__name__", "") == "matplotlib.pyplot":
        return _drawn(data, file_type)
    array = _squeezed(_array(data))
    mode = mode or _mode(array.shape, file_type)
    if normalize:
        array = _normalized(array)
    return images.fromarray(array.astype("uint8")).convert(mode)


def _drawn(figure: Any, file_type: str | None) -> Any:
    """What a figure of matplotlib, its axes or the module itself draws."""
    if not hasattr(figure, "savefig"):
        figure = figure.get_figure()
    buffer = io.BytesIO()
    figure.savefig(buffer, format=file_type or "png")
    found = pillow(_USER).open(buffer)
    found.load()
    return found


def _array(data: Any) -> Any:
    numpy = library("numpy", "numpy", f"{_USER} of anything but files and pictures")
    if is_of(data, "torch"):
        tensor = data.detach() if getattr(data, "requires_grad", False) else data
        tensor = tensor.cpu()
        data = (tensor.permute(1, 2, 0) if tensor.ndim == 3 else tensor).numpy()
    elif hasattr(data, "numpy"):
        data = data.numpy()
    try:
        array = numpy.asarray(data)
    except ValueError as error:
        raise ArgumentInvalid(
            f"no picture can be made of a ragged {type(data).__name__}"
        ) from error
    if array.dtype.kind not in "biuf":
        raise ArgumentTypeInvalid(f"no picture can be made of a {type(data).__name__}")
    return array


def _squeezed(array: Any) -> Any:
    """The array without dimensions of one, those of a picture's own excepted.

    W&B squeezes all, and makes a picture of one column gray.
    """
    while array.ndim > 3 and array.shape[0] == 1:
        array = array[0]
    if array.ndim == 3 and array.shape[-1] == 1:
        return array[:, :, 0]
    if array.ndim == 3 and array.shape[0] == 1 and array.shape[-1] not in (3, 4):
        return array[0]
    return array


def _mode(shape: tuple[int, ...], file_type: str | None) -> str:
    """W&B's guess. Raises ArgumentInvalid for what is no picture."""
    channels = shape[-1] if len(shape) == 3 else 1
    if len(shape) not in (2, 3) or channels not in (1, 3, 4) or 0 in shape:
        raise ArgumentInvalid(f"Un-supported shape for image conversion {list(shape)}")
    if channels == 4 and file_type in ("jpg", "jpeg"):
        log.warning("JPEG has no transparency: the alpha channel is left out")
        return "RGB"
    return {1: "L", 3: "RGB", 4: "RGBA"}[channels]


def _normalized(array: Any) -> Any:
    """Values from 0 to 1, or with negative ones among them, stretched to 0 to 255."""
    array = array.astype("float64")
    if array.size and array.min() < 0:
        span = array.max() - array.min()
        array = (array - array.min()) / (span or 1)
    if array.size and array.max() <= 1:
        array = array * 255
    return array.clip(0, 255)
