"""Tables and the real wandb: each reads what the other wrote."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.artifacts.conftest import house as house
from tests.artifacts.house import House
from tests.media.folder import Folder
from tests.media.peer import wandb_does
from tests.media.tables import MAKE, ours

from wbart.media.joinedtable import JoinedTable
from wbart.media.partitionedtable import PartitionedTable
from wbart.media.table import Table

_WRITE = (
    MAKE
    + """
import numpy, pandas
from wandb.sdk.data_types import table as tables
made = make(wandb, numpy, pandas)
artifact = wandb.Artifact("all", "dataset")
for name, value in made.items():
    artifact.add(value, name)
for part in (1, 2):
    artifact.add(wandb.Table(columns=["p"], data=[[part], [part * 10]]), f"parts/{part}")
artifact.add(wandb.PartitionedTable("parts"), "whole")
artifact.add(wandb.JoinedTable(made["added"], made["array"], ["x", "y"]), "joined")
pk = wandb.Table(columns=["id"], data=[["a"], ["b"]])
pk.set_pk("id")
fk = wandb.Table(columns=["id", "row"])
fk.add_data("a", pk.index_ref(1))
fk.set_fk("id", pk, "id")
artifact.add(fk, "foreign")
keep(artifact)
result = None
"""
)
_READ = """
import datetime
def shown(cell):
    if hasattr(cell, "tolist"): return ["array", cell.tolist()]
    if isinstance(cell, datetime.datetime): return ["time", cell.isoformat()]
    if isinstance(cell, wandb.Table): return ["table", cell.data]
    if isinstance(cell, wandb.Image): return ["image", cell._width, cell._height]
    return cell
result = {}
for name in given:
    table = source.get(name + ".table.json")
    cells = [[shown(cell) for cell in row] for row in table.data]
    types = {str(key): str(each) for key, each in table._column_types.params["type_map"].items()}
    result[name] = {"columns": table.columns, "data": cells, "types": types}
"""


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """What wandb wrote."""
    folder = Folder(tmp_path_factory.mktemp("theirs"))
    wandb_does(_WRITE, folder.root)
    return folder


@pytest.mark.parametrize("name", sorted(ours()))
def test_what_wandb_wrote_is_read_as_the_same_object(theirs: Folder, name: str) -> None:
    mine = ours()[name]
    found = theirs.get(type(mine).with_suffix(name))
    if isinstance(mine, Table):
        mine.to_json(Folder(theirs.root.parent / f"of-{name}"))  # lists stand for short arrays now
        if name in ("grids", "long"):
            mine = ours()[name]
        mine._eq_debug(found, should_assert=True)
    assert found == mine


@pytest.mark.parametrize("name", sorted(set(ours()) - {"grids", "long", "framed", "classed"}))
def test_the_json_is_the_same_to_the_byte(theirs: Folder, tmp_path: Path, name: str) -> None:
    mine = ours()[name]
    folder = Folder(tmp_path)
    path, _ = folder.hold_value(mine, name)
    assert (tmp_path / path).read_text() == (theirs.root / path).read_text()


@pytest.mark.parametrize("name", ["grids", "long", "framed", "classed"])
def test_json_that_names_files_differs_in_their_names_alone(
    theirs: Folder, tmp_path: Path, name: str
) -> None:
    folder = Folder(tmp_path)
    path, _ = folder.hold_value(ours()[name], name)
    mine, other = (json.loads((root / path).read_bytes()) for root in (tmp_path, theirs.root))
    assert _unnamed(mine) == _unnamed(other)


def test_parts_joins_and_links_of_wandb_are_read(theirs: Folder) -> None:
    whole = theirs.get("whole.partitioned-table.json")
    assert isinstance(whole, PartitionedTable)
    assert list(whole.iterrows()) == [(0, [1]), (1, [10]), (2, [2]), (3, [20])]
    joined = theirs.get("joined.joined-table.json")
    assert joined == JoinedTable(ours()["added"], ours()["array"], ["x", "y"])
    foreign = theirs.get("foreign.table.json")
    assert isinstance(foreign, Table)
    assert foreign.data == [["a", 1]]
    assert foreign.data[0][1].get_row() == {"id": "b"}
    assert foreign.data[0][0]._table.columns == ["id"]


def test_wandb_reads_what_wbart_wrote(tmp_path: Path) -> None:
    folder, mine = Folder(tmp_path), ours()
    tables = {name: each for name, each in mine.items() if isinstance(each, Table)}
    del tables["classed"]  # wandb's reader of classes needs an artifact of its own
    tables["mixed names"] = Table(["n", 4], [[1, "x"]])  # which wandb itself cannot write
    for name, table in tables.items():
        folder.hold_value(table, name)
    found = wandb_does(_READ, tmp_path, given=sorted(tables))
    for name, table in tables.items():
        back = folder.get(f"{name}.table.json")
        assert isinstance(back, Table)
        assert found[name]["columns"] == table.columns
        assert found[name]["data"] == [[_shown(cell) for cell in row] for row in back.data], name
        types = {str(key): str(each) for key, each in back._columns.types.items()}
        assert found[name]["types"] == types, name


def test_wandb_joins_and_gathers_what_an_artifact_holds(house: House, tmp_path: Path) -> None:
    draft = house.draft({})
    one, two = Table(["k", "a"], [[1, 2]]), Table(["k", "b"], [[1, 3]])
    draft.add(JoinedTable(one, two, "k"), "joined")
    draft.add(Table(["p"], [[1]]), "parts/a")
    draft.add(PartitionedTable("parts"), "whole")
    house.save(draft).download(tmp_path / "files")
    script = """
joined = source.get("joined.joined-table.json")
whole = json.loads((out / "whole.partitioned-table.json").read_text())
result = [joined._table1.data, joined._table2.data, joined._join_key, whole]
"""
    joined = wandb_does(script, tmp_path / "files")
    assert joined == [
        [[1, 2]],
        [[1, 3]],
        "k",
        {"_type": "partitioned-table", "parts_path": "parts"},
    ]


_PICTURES = """
def pictures(w, numpy):
    classes = w.Classes([{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}])
    box = {"position": {"minX": 0, "maxX": 1, "minY": 0, "maxY": 1}, "class_id": 1}
    box = {**box, "scores": {"sure": 0.5}}
    boxes = {"found": {"box_data": [box], "class_labels": {1: "cat"}}}
    pixels = numpy.arange(27, dtype="uint8").reshape(3, 3, 3)
    one = w.Image(pixels, caption="one", classes=classes, boxes=boxes)
    mask = {"mask_data": pixels[:, :, 0] % 2, "class_labels": {0: "no", 1: "yes"}}
    two = w.Image(pixels + 1, masks={"truth": mask})
    return w.Table(columns=["picture", "n"], data=[[one, 1], [two, 2], [None, 3]])
"""


def _pictures() -> Table:
    import numpy

    from wbart.media.classes import Classes
    from wbart.media.image import Image

    names: dict[str, Any] = {}
    exec(_PICTURES, names)
    table = names["pictures"](SimpleNamespace(Classes=Classes, Image=Image, Table=Table), numpy)
    assert isinstance(table, Table)
    return table


def test_a_table_of_pictures_is_the_same_in_both(tmp_path: Path) -> None:
    theirs, mine = Folder(tmp_path / "theirs"), Folder(tmp_path / "mine")
    script = """
import numpy
artifact = wandb.Artifact("a", "dataset")
artifact.add(pictures(wandb, numpy), "t")
keep(artifact)
result = None
"""
    wandb_does(_PICTURES + script, theirs.root)
    table = _pictures()
    mine.hold_value(table, "t")
    found = theirs.get("t.table.json")
    assert isinstance(found, Table)
    table._eq_debug(found, should_assert=True)
    told = [json.loads(each.local_path("t.table.json").read_bytes()) for each in (mine, theirs)]
    assert _sorted(told[0]["column_types"]) == _sorted(told[1]["column_types"])
    shown = wandb_does(_READ, mine.root, given=["t"])["t"]
    assert shown["data"] == [[["image", 3, 3], 1], [["image", 3, 3], 2], [None, 3]]


def _sorted(value: Any) -> Any:
    """With lists in one order: wandb's sets have another in each process."""
    if isinstance(value, dict):
        return {key: _sorted(item) for key, item in value.items()}
    return sorted(map(_sorted, value), key=str) if isinstance(value, list) else value


def _shown(cell: Any) -> Any:
    import datetime

    import numpy

    if isinstance(cell, numpy.ndarray):
        return ["array", cell.tolist()]
    if isinstance(cell, datetime.datetime):
        return ["time", cell.isoformat()]
    return ["table", cell.data] if isinstance(cell, Table) else cell


def _unnamed(value: Any) -> Any:
    """Without what names files and digests."""
    if isinstance(value, dict):
        named = ("path", "digest")
        return {key: "-" if key in named else _unnamed(item) for key, item in value.items()}
    return [_unnamed(item) for item in value] if isinstance(value, list) else value
