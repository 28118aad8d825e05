"""What W&B's page of the Artifact says of objects: which are taken, and what comes back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.artifacts.world import World
from tests.media.material import lay_out
from tests.recipes.pages import ran

import wbart
from wbart.api import Api
from wbart.artifact import Artifact
from wbart.errors import ArtifactFinalizedError, ArtifactNotLoggedError

ROWS = [["one", 1], ["two", 2]]
LABELS = {0: "sky", 1: "sea"}
BOX = {
    "position": {"minX": 0.1, "maxX": 0.2, "minY": 0.3, "maxY": 0.4},
    "class_id": 1,
    "box_caption": "a ship",
}


def table() -> Any:
    return wbart.Table(columns=["name", "number"], data=ROWS)


def classes() -> Any:
    return wbart.Classes([{"id": 0, "name": "sky"}, {"id": 1, "name": "sea"}])


MAKERS: dict[str, Callable[[Path], Any]] = {
    "Audio": lambda at: wbart.Audio(str(at / "clip.wav"), caption="noise"),
    "Bokeh": lambda at: wbart.Bokeh(str(at / "plot.bokeh.json")),
    "BoundingBoxes2D": lambda at: wbart.BoundingBoxes2D(
        {"box_data": [BOX], "class_labels": LABELS}, "boxes"
    ),
    "Classes": lambda at: classes(),
    "Html": lambda at: wbart.Html("<b>hello</b>"),
    "Image": lambda at: wbart.Image(str(at / "picture.png"), caption="shades"),
    "ImageMask": lambda at: wbart.ImageMask(
        {"mask_data": np.eye(4, dtype=np.uint8), "class_labels": LABELS}, "mask"
    ),
    "JoinedTable": lambda at: wbart.JoinedTable(table(), table(), "name"),
    "Object3D": lambda at: wbart.Object3D(np.arange(12.0).reshape(4, 3)),
    "PartitionedTable": lambda at: wbart.PartitionedTable("parts"),
    "Table": lambda at: table(),
    "Video": lambda at: wbart.Video(str(at / "clip.gif")),
}


@pytest.fixture
def material(tmp_path: Path) -> Path:
    lay_out(tmp_path / "material")
    return tmp_path / "material"


@pytest.mark.parametrize("name", MAKERS)
def test_each_kind_of_object_is_added_and_comes_back(
    place: World, material: Path, name: str
) -> None:
    made = MAKERS[name](material)
    draft = Artifact("objects", "dataset")
    entry = draft.add(made, "thing")
    draft["again"] = MAKERS[name](material)
    draft.save()

    found: Any = Api().artifact("objects:v0")
    assert entry.path.startswith("thing.")
    assert entry.path.endswith(".json")
    assert type(found.get("thing")) is type(made)
    assert type(found["again"]) is type(made)
    assert found.get("nothing") is None
    with pytest.raises(ArtifactFinalizedError):
        found.add(made, "more")


def test_a_table_comes_back_with_its_rows(place: World) -> None:
    draft = Artifact("objects", "dataset")
    draft.add(obj=table(), name="rows")
    draft.save()
    found = Api().artifact("objects:v0").get("rows")

    assert isinstance(found, wbart.Table)
    assert (found.columns, found.data) == (["name", "number"], ROWS)
    assert list(found.get_dataframe()["number"]) == [1, 2]


def test_the_digest_of_a_joined_table_is_that_of_its_content(place: World, material: Path) -> None:
    def digest() -> str:
        draft = Artifact("objects", "dataset")
        draft.add(MAKERS["JoinedTable"](material), "joined")
        return draft.digest

    assert digest() == digest()


def test_a_name_that_is_taken_is_written_over_when_told(place: World) -> None:
    draft = Artifact("objects", "dataset")
    draft.add(table(), "rows")
    draft.add(wbart.Table(columns=["x"], data=[[1]]), "rows")
    assert draft.get("rows") == table()
    draft.add(wbart.Table(columns=["x"], data=[[1]]), "rows", overwrite=True)
    assert draft.get("rows") == wbart.Table(columns=["x"], data=[[1]])


def test_what_is_no_object_is_refused(place: World) -> None:
    draft = Artifact("objects", "dataset")
    wrong: Any
    for wrong in (wbart.Histogram([1, 2]), {"a": 1}, None):
        with pytest.raises(TypeError, match="Table"):
            draft.add(wrong, "x")


def test_an_object_that_was_logged_comes_back_from_its_artifact(
    place: World, material: Path
) -> None:
    run = wbart.init(id="pictures")
    picture = MAKERS["Image"](material)
    ran("S1-i15", {"()": '({"picture": picture, "rows": rows})'}, picture=picture, rows=table())
    run.finish()

    logged = Api().run("pictures")
    [version] = logged.logged_artifacts()
    assert isinstance(version.get("rows"), wbart.Table)
    shown = logged.summary["picture"]
    assert shown["_type"] == "image-file"
    with logged.file(shown["path"]).download("kept") as file:
        assert Path(file.name).read_bytes() == (material / "picture.png").read_bytes()


def test_a_histogram_in_a_summary_is_what_it_counts(place: World) -> None:
    with wbart.init(id="counted") as run:
        run.summary["spread"] = wbart.Histogram(np.arange(10.0), num_bins=2)
    found = Api().run("counted")
    found.summary["after"] = wbart.Histogram([1, 1, 2])
    found.summary.update()

    summary = Api().run("counted").summary
    assert summary["spread"]["values"] == [5, 5]
    assert (summary["after"]["_type"], sum(summary["after"]["values"])) == ("histogram", 3)


def test_an_artifact_that_was_never_logged_is_told_as_such() -> None:
    with pytest.raises(ArtifactNotLoggedError):
        Artifact("objects", "dataset").get_entry("rows")
