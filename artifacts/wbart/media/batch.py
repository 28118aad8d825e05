"""What a run's history has of a media object, or of a list of them: W&B's forms."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from wbart.media.audio import Audio
from wbart.media.html import Html
from wbart.media.image import Image
from wbart.media.mediafile import captions
from wbart.media.molecule import Molecule
from wbart.media.object3d import Object3D
from wbart.media.value import Holder, WBValue
from wbart.media.video import Video

log = logging.getLogger(__name__)


def batch_json(values: Sequence[WBValue], holder: Holder) -> Any:
    """The JSON of a list of objects: one of them all if they are of a kind that W&B batches."""
    kind = type(values[0])
    if kind not in _FORMS or not all(type(each) is kind for each in values):
        return [each.to_json(holder) for each in values]
    if kind is Image and len(values) > Image.MAX_ITEMS:
        log.warning("Only %s %s will be uploaded.", Image.MAX_ITEMS, kind.__name__)
        values = values[: Image.MAX_ITEMS]
    return _FORMS[kind](values, [each.to_json(holder) for each in values])


def _images(values: Sequence[Any], jsons: list[dict[str, Any]]) -> dict[str, Any]:
    sizes = {(each._width, each._height) for each in values}
    if len(sizes) > 1:
        log.warning("images of one list differ in size: W&B shows them wrong")
    found = {
        "_type": "images/separated",
        "width": values[0]._width,
        "height": values[0]._height,
        "format": values[0].format,
        "count": len(values),
        "filenames": [each["path"] for each in jsons],
    }
    given = captions(values)
    if given:
        found["captions"] = given
    for name in ("masks", "boxes"):
        drawn = [each.get(name) for each in jsons]
        if any(each is not None for each in drawn):
            found[f"all_{name}"] = drawn
    return found


def _audio(values: Sequence[Any], jsons: list[dict[str, Any]]) -> dict[str, Any]:
    found = {
        "_type": "audio",
        "count": len(values),
        "audio": jsons,
        "sampleRates": [each._sample_rate for each in values],
        "durations": [each._duration for each in values],
    }
    given = [each._caption for each in values]
    if any(each is not None for each in given):
        found["captions"] = [each or "" for each in given]
    return found


def _videos(values: Sequence[Any], jsons: list[dict[str, Any]]) -> dict[str, Any]:
    known = {"_type": "videos", "count": len(values), "videos": jsons}
    return {**known, "captions": captions(values)}


def _html(values: Sequence[Any], jsons: list[dict[str, Any]]) -> dict[str, Any]:
    return {"_type": "html", "count": len(values), "html": jsons}


def _objects(values: Sequence[Any], jsons: list[dict[str, Any]]) -> dict[str, Any]:
    names = [str(each["path"]).removeprefix(f"{Object3D._folder}/") for each in jsons]
    return {"_type": "object3D", "filenames": names, "count": len(values), "objects": jsons}


def _molecules(values: Sequence[Any], jsons: list[dict[str, Any]]) -> dict[str, Any]:
    found = {"_type": "molecule", "filenames": [each["path"] for each in jsons]}
    return {**found, "count": len(values), "captions": captions(values)}


_FORMS: dict[type[WBValue], Any] = {
    Audio: _audio,
    Html: _html,
    Image: _images,
    Molecule: _molecules,
    Object3D: _objects,
    Video: _videos,
}
