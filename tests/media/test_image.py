"""Images, and the masks and boxes that are drawn over them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PILImage
from tests.media.folder import Folder

from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid
from wbart.media.boundingboxes import BoundingBoxes2D
from wbart.media.classes import Classes
from wbart.media.image import Image
from wbart.media.imagemask import ImageMask

PIXELS = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
PLACE = {"minX": 0, "maxX": 1, "minY": 0, "maxY": 1}


class Tensor:
    """As torch has them: channels first, on some device, with gradients."""

    requires_grad = True

    def __init__(self, array: Any) -> None:
        self.array = array
        self.ndim = array.ndim

    def detach(self) -> Tensor:
        return self

    def cpu(self) -> Tensor:
        return self

    def permute(self, *axes: int) -> Tensor:
        return Tensor(self.array.transpose(axes))

    def numpy(self) -> Any:
        return self.array


Tensor.__module__ = "torch"


class Figure:
    """As matplotlib has them."""

    def savefig(self, buffer: io.BytesIO, format: str) -> None:
        PILImage.fromarray(PIXELS).save(buffer, format=format)


Figure.__module__ = "matplotlib.figure"


def pixels(image: Image) -> Any:
    return np.asarray(image.image)


def test_arrays_pictures_tensors_and_figures_give_the_same_image() -> None:
    wanted = Image(PIXELS)
    assert np.array_equal(pixels(wanted), PIXELS)
    assert Image(PIXELS[None]) == wanted
    assert Image(PIXELS.astype(float)) == wanted
    assert Image(PIXELS.tolist()) == wanted
    assert Image(PILImage.fromarray(PIXELS)) == wanted
    assert Image(Tensor(PIXELS.transpose(2, 0, 1))) == wanted
    assert Image(Figure()) == wanted
    assert (wanted._width, wanted._height, wanted.format) == (4, 4, "png")


def test_values_are_stretched_only_when_that_is_asked_for() -> None:
    shades = np.array([[0, 0.5], [0.25, 1]])
    assert pixels(Image(shades)).max() == 1
    assert pixels(Image(shades, normalize=True)).tolist() == [[0, 127], [63, 255]]
    assert pixels(Image(shades - 0.5, normalize=True)).tolist() == [[0, 127], [63, 255]]
    assert pixels(Image(np.full((1, 2), 300.0), normalize=True)).tolist() == [[255, 255]]


def test_modes_and_types_of_files_are_as_asked_for() -> None:
    alpha = np.dstack([PIXELS, PIXELS[:, :, :1]])
    assert Image(alpha).image.mode == "RGBA"
    assert Image(alpha, file_type="jpg").image.mode == "RGB"
    assert Image(PIXELS[:, :, 0]).image.mode == "L"
    assert Image(PIXELS, mode="L").image.mode == "L"
    assert Image(PIXELS, file_type="bmp").image.format == "BMP"
    assert Image(PIXELS[:, :, :1].astype(bool)).image.mode == "L"
    assert Image(PIXELS.reshape(1, 8, 6)).image.mode == "L"
    assert Image(PIXELS[:2, :1]).to_data_array() == [[(0, 1, 2)], [(12, 13, 14)]]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (np.zeros((2, 2, 2)), ArgumentInvalid),
        (np.zeros((2, 2, 3, 3)), ArgumentInvalid),
        (np.zeros((0, 2)), ArgumentInvalid),
        (np.zeros(3), ArgumentInvalid),
        ([[1], [1, 2]], ArgumentInvalid),
        ("no/such.png", ArgumentInvalid),
        (np.array([["a"]]), ArgumentTypeInvalid),
        (object(), ArgumentTypeInvalid),
    ],
)
def test_what_is_no_picture_is_told(data: Any, error: type[Exception]) -> None:
    with pytest.raises(error) as raised:
        Image(data)
    assert "\n" not in str(raised.value)


def test_files_that_are_no_pictures_and_odd_types_are_told(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("words")
    with pytest.raises(ArgumentInvalid, match=r"no picture can be read from '.*text.png'"):
        Image(tmp_path / "text.png")
    with pytest.raises(ArgumentInvalid, match="file_type must be one of"):
        Image(PIXELS, file_type="gif")
    with pytest.raises(ArgumentInvalid, match="no jpg can be made of it"):
        Image(PILImage.fromarray(PIXELS).convert("RGBA"), file_type="jpg")


def test_a_copy_has_what_is_said_anew() -> None:
    first = Image(PIXELS, caption="a", grouping=1, classes=[{"id": 1, "name": "x"}])
    copy = Image(first, caption="b")
    assert (copy._caption, copy._grouping, copy._classes) == ("b", 1, first._classes)
    assert (first._caption, copy._sha256) == ("a", first._sha256)
    assert copy != first


def test_images_are_equal_when_their_pictures_and_words_are(tmp_path: Path) -> None:
    PILImage.fromarray(PIXELS).save(tmp_path / "a.bmp")
    assert Image(PIXELS) == Image(tmp_path / "a.bmp")
    assert Image(PIXELS) != Image(PIXELS + 1)
    assert Image(PIXELS) != Image(PIXELS, caption="a")
    assert Image(PIXELS) != Image(PIXELS, classes=[{"id": 1, "name": "x"}])
    assert Image(PIXELS) != "image"
    assert Image("https://h/a.png") == Image("https://h/a.png") != Image("https://h/b.png")


def test_boxes_and_masks_need_classes_in_an_artifact_only(artifact: Folder, run: Folder) -> None:
    unclassed = {"box_data": [{"position": PLACE}]}
    image = Image(PIXELS, boxes={"a": unclassed})
    with pytest.raises(ArgumentInvalid, match="classes must be passed"):
        image.to_json(artifact)
    assert image.to_json(run)["boxes"]["a"]["_type"] == "boxes2D"
    classed = Image(PIXELS, boxes={"a": unclassed}, classes=Classes([{"id": 1, "name": "x"}]))
    assert classed.to_json(artifact)["boxes"] == {"a": [{"position": PLACE}]}


def test_masks_keep_all_classes_and_are_read_back(artifact: Folder) -> None:
    data = np.array([[0, 127], [128, 255]])
    image = Image(PIXELS, masks={"m": {"mask_data": data}})
    read = artifact.read(image.to_json(artifact))
    assert isinstance(read, Image)
    assert read._masks is not None
    with PILImage.open(read._masks["m"]._local) as mask:
        assert np.array_equal(np.asarray(mask), data)
    names = {each["id"]: each["name"] for each in image._classes._class_set}  # type: ignore[union-attr]
    assert names == {0: "class_0", 127: "class_127", 128: "class_128", 255: "class_255"}


def test_a_mask_of_a_file_keeps_its_labels(tmp_path: Path, artifact: Folder) -> None:
    PILImage.fromarray(PIXELS[:, :, 0]).save(tmp_path / "m.png")
    labels = {1: "one"}
    image = Image(PIXELS, masks={"m": {"path": str(tmp_path / "m.png"), "class_labels": labels}})
    assert image.to_json(artifact)["masks"]["m"]["path"].endswith("/m.png")
    assert image._classes == Classes([{"id": 1, "name": "one"}])


@pytest.mark.parametrize(
    ("val", "words"),
    [
        ({}, "Missing key"),
        ({"mask_data": np.zeros(3)}, "must be a 2D array"),
        ({"mask_data": np.array([[256]])}, "integers between 0 and 255"),
        ({"mask_data": np.array([[-1]])}, "integers between 0 and 255"),
        ({"mask_data": np.array([["a"]])}, "integers between 0 and 255"),
        ({"mask_data": np.array([[1]]), "class_labels": {"a": "b"}}, "numbers to strings"),
        ({"mask_data": np.array([[1]]), "class_labels": {1: 2}}, "numbers to strings"),
    ],
)
def test_odd_masks_are_told(val: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentTypeInvalid, match=words):
        ImageMask(val, "m")


@pytest.mark.parametrize(
    ("val", "words"),
    [
        ({}, "Boxes must be a list"),
        ({"box_data": {}}, "Boxes must be a list"),
        ({"box_data": [{}]}, "must contain a position"),
        ({"box_data": [{"position": {"minX": 1}}]}, "must contain a position"),
        ({"box_data": [{"position": {**PLACE, "maxX": "1"}}]}, "must contain a position"),
        ({"box_data": [{"position": {"middle": [1, 2], "width": 1}}]}, "must contain a position"),
        ({"box_data": [{"position": PLACE, "scores": []}]}, "scores must be a dictionary"),
        ({"box_data": [{"position": PLACE, "scores": {1: 1}}]}, "score key must be a string"),
        ({"box_data": [{"position": PLACE, "scores": {"a": "b"}}]}, "must be a number"),
        ({"box_data": [{"position": PLACE, "class_id": "1"}]}, "must be an integer"),
        ({"box_data": [{"position": PLACE, "box_caption": 1}]}, "must be a string"),
        ({"box_data": [], "class_labels": {"a": "b"}}, "numbers to strings"),
    ],
)
def test_odd_boxes_are_told(val: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentTypeInvalid, match=words):
        BoundingBoxes2D(val, "b")


def test_boxes_of_numpy_s_numbers_are_plain(artifact: Folder) -> None:
    place = {"middle": np.array([1, 2]), "width": np.float32(1), "height": np.int64(2)}
    boxes = BoundingBoxes2D({"box_data": [{"position": place, "class_id": np.int64(3)}]}, "b")
    wanted = {"position": {"middle": [1, 2], "width": 1.0, "height": 2}, "class_id": 3}
    assert boxes.to_json(artifact) == [wanted]
    assert boxes == BoundingBoxes2D.from_json([wanted], artifact)


def test_boxes_and_masks_are_given_by_key() -> None:
    odd: Any = [{"box_data": []}]
    with pytest.raises(ArgumentInvalid, match='"boxes" argument must be a dictionary'):
        Image(PIXELS, boxes=odd)
    with pytest.raises(ArgumentInvalid, match='"masks" argument must be a dictionary'):
        Image(PIXELS, masks=odd)
