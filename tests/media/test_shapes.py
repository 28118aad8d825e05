"""Objects of each kind are written as the real wandb writes them, and read by both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.media.folder import Folder
from tests.media.material import OBJECTS, lay_out
from tests.media.peer import wandb_does
from tests.media.shape import plain

import wbart
from wbart.media.value import WBValue

_WRITE = (
    """
here = out / "material"
"""
    + OBJECTS
    + """
artifact = wandb.Artifact("a", "t")
for name, value in objects.items():
    artifact.add(value, name)
keep(artifact)
references = {path: entry.ref for path, entry in artifact.manifest.entries.items() if entry.ref}
result = {"paths": sorted(artifact.manifest.entries), "references": references}
"""
)
_READ = """
def facts(value):
    kind = type(value).__name__
    found = {"kind": kind, "caption": getattr(value, "_caption", None), "sha256": value._sha256}
    if kind == "Image":
        found["boxes"] = {key: box._val for key, box in (value._boxes or {}).items()}
        found["masks"] = sorted(value._masks or {})
        found["classes"] = value._classes and value._classes._class_set
        found["size"] = value.image.size
    return found
result = {}
for path in given:
    if path != "classes":
        read = source.read(json.loads((out / path).read_text()))
        assert read is not None, path
        result[path] = facts(read)
"""


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Folder, dict[str, Any]]:
    """What wandb writes of the objects, and the paths of its artifact."""
    folder = tmp_path_factory.mktemp("theirs")
    lay_out(folder / "material")
    return Folder(folder), wandb_does(_WRITE, folder)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> tuple[Folder, dict[str, WBValue]]:
    """What wbart writes of the same objects, and these."""
    folder = tmp_path_factory.mktemp("ours")
    lay_out(folder / "material")
    names: dict[str, Any] = {"wandb": wbart, "here": folder / "material"}
    exec(OBJECTS, names)
    held = Folder(folder)
    for name, value in names["objects"].items():
        held.hold_value(value, name)
    return held, names["objects"]


def test_every_object_has_the_json_that_wandb_writes(
    ours: tuple[Folder, dict[str, WBValue]], theirs: tuple[Folder, dict[str, Any]]
) -> None:
    (mine, objects), (golden, _) = ours, theirs
    assert len(objects) > 30
    for name, value in objects.items():
        path = type(value).with_suffix(name)
        wanted = json.loads((golden.root / path).read_bytes())
        found = json.loads((mine.root / path).read_bytes())
        assert plain(found, mine) == plain(wanted, golden), name


def test_an_artifact_of_all_has_the_paths_of_wandb_s(
    ours: tuple[Folder, dict[str, WBValue]], theirs: tuple[Folder, dict[str, Any]]
) -> None:
    (mine, _), (_, told) = ours, theirs
    held = [path for path in mine.below("") if not path.startswith("material/")]
    found = {*held, *mine.references}
    # Names of pictures hang on the version of the library that packs them.
    assert {_sans_picture(path) for path in found} == {
        _sans_picture(path) for path in told["paths"]
    }
    assert len(found) == len(told["paths"])
    assert mine.references == told["references"]


def test_what_wandb_wrote_is_read_as_what_was_made(
    ours: tuple[Folder, dict[str, WBValue]], theirs: tuple[Folder, dict[str, Any]]
) -> None:
    (_, objects), (golden, _) = ours, theirs
    for name, value in objects.items():
        if name.endswith("-reference"):
            continue
        path = type(value).with_suffix(name)
        read = golden.read(json.loads((golden.root / path).read_bytes()))
        assert type(read) is type(value)
        assert read == value or name == "image-jpg", name


def test_wandb_reads_what_was_written(ours: tuple[Folder, dict[str, WBValue]]) -> None:
    mine, objects = ours
    names = [name for name in objects if not name.endswith("-reference") and name != "classes"]
    paths = [type(objects[name]).with_suffix(name) for name in names]
    read = wandb_does(_READ, mine.root, given=paths)
    for name, path in zip(names, paths, strict=True):
        value: Any = objects[name]
        assert read[path]["kind"] == type(value).__name__
        if type(value).__name__ in ("Image", "Audio"):
            assert read[path]["caption"] == value._caption, name
        if not name.startswith(("mask", "bokeh")):
            assert read[path]["sha256"] == value._sha256, name
    drawn = read["image-drawn.image-file.json"]
    assert drawn["masks"] == ["truth", "unnamed"]
    assert drawn["boxes"]["pred"][0]["box_caption"] == "one"
    assert {each["name"] for each in drawn["classes"]} >= {"sky", "road", "tree"}
    assert drawn["size"] == [4, 4]


def _sans_picture(path: str) -> str:
    drawn = path.startswith("media/images") and path.count("/") < 4 and "picture" not in path
    return str(Path(path).with_name(Path(path).suffix)) if drawn else path
