"""Media objects that runs log: their JSON is in the rows, their files are the run's."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import plotly.graph_objects as go  # type: ignore[import-untyped]
import pytest
from tests.artifacts.world import World
from tests.media.folder import Folder
from tests.media.material import OBJECTS, lay_out
from tests.media.peer import wandb_does
from tests.media.shape import plain

import wbart
from wbart.api import Api
from wbart.errors import ArgumentInvalid
from wbart.recording.liverun import Run as LiveRun
from wbart.recording.record import FileFact
from wbart.recording.waiting import Waiting
from wbart.runs.publicrun import PublicRun as Run
from wbart_storage.errors import StoreUnavailable

_LOGGED = """
for name in ("classes", "image-reference", "audio-reference"):
    del objects[name]
logged = {**objects, **only_in_runs, **lists}
"""
_WRITE = (
    """
here = out / "material"
"""
    + OBJECTS
    + _LOGGED
    + """
from wandb.sdk.data_types.utils import history_dict_to_json
run = wandb.init(project="p", mode="offline")
result = {"rows": {}, "config": None}
for name, value in logged.items():
    result["rows"][name] = history_dict_to_json(run, {name: value}, step=3)[name]
labels = run._config["_wandb"]
kinds = ("mask/class_labels", "bounding_box/class_labels")
result["labels"] = {kind: labels[kind] for kind in kinds}
files = Path(run.dir)
shutil.copytree(files / "media", out / "media")
run.finish()
"""
)


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Folder, dict[str, Any]]:
    """What the history of a run of wandb's has of each object, and the run's files."""
    folder = tmp_path_factory.mktemp("theirs")
    lay_out(folder / "material")
    return Folder(folder), wandb_does(_WRITE, folder)


def public(world: World, id_: str = "r") -> Run:
    return Api(settings=world.settings).run(id_)


def still(run: LiveRun) -> None:
    """Let nothing be stored but what the test stores."""
    run._recorder._stop.set()
    for thread in run._recorder._threads:
        thread.join()


def stored(run: Run, folder: Path) -> Folder:
    """The run's files, downloaded."""
    for file in run.files():
        file.download(root=str(folder), replace=True).close()
    return Folder(folder)


def test_rows_have_the_json_that_wandb_writes(
    tmp_path: Path, theirs: tuple[Folder, dict[str, Any]]
) -> None:
    golden, told = theirs
    world = World(tmp_path)
    lay_out(tmp_path / "material")
    names: dict[str, Any] = {"wandb": wbart, "here": tmp_path / "material"}
    exec(OBJECTS + _LOGGED, names)
    with world.run(id="r") as run:
        for name, value in names["logged"].items():
            run.log({name: value}, step=3)
    found = public(world)
    (row,) = found.history(pandas=False)
    files = stored(found, tmp_path / "files")

    assert len(told["rows"]) > 40
    for name, wanted in told["rows"].items():
        assert plain(row[name], files) == plain(wanted, golden), name
    assert len(files.below("media")) == len(golden.below("media"))
    internal = found.rawconfig["_wandb"]
    assert {kind: internal[kind] for kind in told["labels"]} == told["labels"]
    assert "_wandb" not in found.config


def test_files_are_the_run_s_and_come_back_as_they_were_logged(tmp_path: Path) -> None:
    world = World(tmp_path)
    page = tmp_path / "page.html"
    page.write_text("<p>first</p>")
    with world.run(id="r") as run:
        run.log({"a": {"b/../page": wbart.Html(str(page), inject=False)}})
        page.unlink()  # the run has its own by now
        run.log({"loss": 1.0, "same": wbart.Image(np.zeros((2, 2)))})
        run.log({"same": wbart.Image(np.zeros((2, 2)))})
        run.summary["best"] = wbart.Image(np.ones((3, 2)), caption="best")
    found = public(world)
    first, second, third = found.history(pandas=False)
    files = {file.name: file for file in found.files()}

    html = first["a.b/../page"]
    assert html["path"].startswith("media/html/b/__/page_0_")
    with files[html["path"]].download(root=str(tmp_path / "down")) as local:
        data = local.read().encode()
    assert data == b"<p>first</p>"
    assert hashlib.sha256(data).hexdigest() == html["sha256"]
    assert [each["same"]["path"][:20] for each in (second, third)] == [
        "media/images/same_1_",
        "media/images/same_2_",
    ]
    best = found.summary["best"]
    assert best["path"] == f"media/images/best_summary_{best['sha256'][:20]}.png"
    assert files[best["path"]].size == best["size"]
    assert sum(name.startswith("media/") for name in files) == 4


def test_a_table_is_a_file_of_the_run_and_a_version_of_its_own(tmp_path: Path) -> None:
    world = World(tmp_path)
    picture = wbart.Image(np.zeros((2, 2, 3)))
    with world.run(id="r") as run:
        table = wbart.Table(columns=["n", "picture"], data=[[1, picture], [2, None]])
        run.log({"predictions": table})
        run.log({"frame": pandas.DataFrame({"x": [1, 2, 3]})})
        run.log({"odd key/ü": wbart.Table(columns=["a"], data=[["b"]])})
    found = public(world)
    rows = found.history(pandas=False)
    files = stored(found, tmp_path / "files")

    assert [rows[0]["predictions"][name] for name in ("_type", "nrows", "ncols")] == [
        "table-file",
        2,
        2,
    ]
    assert rows[1]["frame"]["nrows"] == 3
    content = json.loads(files.local_path(rows[0]["predictions"]["path"]).read_bytes())
    assert content["data"][0][1]["path"].startswith("media/images/predictions_0_")
    assert files.has(content["data"][0][1]["path"])
    logged = {artifact.name: artifact for artifact in found.logged_artifacts()}
    assert {artifact.type for artifact in logged.values()} == {"run_table"}
    assert sorted(logged)[:2] == ["run-r-frame:v0", "run-r-oddkey-OXMfXA:v0"]
    again = logged["run-r-predictions:v0"].get("predictions")
    assert isinstance(again, wbart.Table)
    assert again.data[0] == [1, picture]


def test_a_table_that_grows_is_logged_row_by_row(tmp_path: Path) -> None:
    world = World(tmp_path)
    with world.run(id="r") as run:
        table = wbart.Table(columns=["n"], log_mode="INCREMENTAL")
        for number in range(3):
            table.add_data(number)
            run.log({"grows": table})
    found = public(world)
    rows = [row["grows"] for row in found.history(pandas=False)]
    files = stored(found, tmp_path / "files")

    assert [row["_type"] for row in rows] == ["incremental-table-file"] * 3
    assert [row["increment_num"] for row in rows] == [0, 1, 2]
    assert rows[2]["previous_increments_paths"] == [row["artifact_path"] for row in rows[:2]]
    contents = [json.loads(files.local_path(row["path"]).read_bytes()) for row in rows]
    assert [content["data"] for content in contents] == [[[0]], [[1]], [[2]]]
    newest = max(found.logged_artifacts(), key=lambda artifact: artifact.version)
    assert (newest.type, newest.name) == ("wandb-run-incremental-table", "run-r-incr-grows:v2")
    read = newest.get(rows[2]["artifact_path"].rpartition("/")[2])
    assert isinstance(read, wbart.Table)
    assert read.data == [[0], [1], [2]]


def test_joined_tables_are_told_by_their_version(tmp_path: Path) -> None:
    world = World(tmp_path)
    with world.run(id="r") as run:
        tables = [wbart.Table(columns=["id", name], data=[[1, name]]) for name in "ab"]
        run.log({"joined": wbart.JoinedTable(tables[0], tables[1], "id")})
        run.log({"../long/" + "k" * 300: wbart.Table(columns=["a"], data=[[1]])})
    found = public(world)
    joined, long = found.history(pandas=False)
    assert joined["joined"]["_type"] == "joined-table"
    assert joined["joined"]["artifact_path"].endswith("/joined.joined-table.json")
    (told,) = (value for name, value in long.items() if name.startswith("../long"))
    assert stored(found, tmp_path / "files").has(told["path"])


def test_figures_are_kept_as_plots(tmp_path: Path) -> None:
    world = World(tmp_path)
    with world.run(id="r") as run:
        run.log({"plot": go.Figure(go.Scatter(y=[1, 2]))})
    found = public(world)
    plot = found.history(pandas=False)[0]["plot"]
    files = stored(found, tmp_path / "files")

    assert plot["_type"] == "plotly-file"
    figure = json.loads(files.local_path(plot["path"]).read_bytes())
    assert figure["data"][0]["y"] == [1, 2]


def test_what_a_run_cannot_keep_is_told_and_nothing_is_logged(tmp_path: Path) -> None:
    world = World(tmp_path)
    page = tmp_path / "page.html"
    page.write_text("x")
    gone = wbart.Html(str(page), inject=False)
    page.unlink()
    with world.run(id="r") as run:
        for value in (gone, wbart.Image("https://example.com/a.png"), [gone]):
            with pytest.raises(ArgumentInvalid):
                run.log({"value": value, "loss": 1})
    found = public(world)
    assert found.history(pandas=False) == []
    assert not any(file.name.startswith("media/") for file in found.files())


def test_a_killed_run_keeps_the_media_that_it_logged(tmp_path: Path) -> None:
    script = """
import os, signal, sys
from pathlib import Path
import numpy as np
import wbart
from tests.artifacts.world import World
run = World(Path(sys.argv[1])).run(id="r")
run.log({"first": wbart.Image(np.zeros((2, 2)))})
run.log({"second": [wbart.Image(np.ones((2, 2))), wbart.Image(np.zeros((2, 2)))]})
run._recorder.spool()
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        timeout=100,
    )
    assert done.returncode == -9, done.stderr
    world = World(tmp_path)
    found = public(world)
    assert found.state == "crashed"
    first, second = found.history(pandas=False)
    files = stored(found, tmp_path / "files")
    paths = [first["first"]["path"], *second["second"]["filenames"]]
    assert sorted(paths) == files.below("media")

    with world.run(id="r", resume="must") as run:
        run.log({"first": wbart.Image(np.zeros((2, 2)))})
    found = public(world)
    last = found.history(pandas=False)[-1]
    assert last["_step"] == 2
    kept = {file.name for file in found.files() if file.name.startswith("media/")}
    assert kept == {*paths, last["first"]["path"]}


def test_files_wait_for_a_store_that_does_not_take_them(tmp_path: Path) -> None:
    world = World(tmp_path)
    refused = []

    def refuse(files: Mapping[str, Path]) -> dict[str, FileFact]:
        refused.append(sorted(files))
        raise StoreUnavailable("not now")

    run = world.run(id="r")
    still(run)
    run.log({"picture": wbart.Image(np.zeros((2, 2)))})
    files = run._recorder._files
    assert files is not None
    run._recorder._files = files._replace(put=refuse)
    with pytest.raises(StoreUnavailable):
        run.finish()
    found = public(world)
    (row,) = found.history(pandas=False)
    assert refused[-1] == [row["picture"]["path"]]
    assert stored(found, tmp_path / "files").below("media") == refused[-1]


def test_much_that_waits_is_stored_before_its_time(tmp_path: Path) -> None:
    world = World(tmp_path)
    run = world.run(id="r")
    still(run)
    run.log({"page": wbart.Html("x" * (33 << 20), inject=False)})
    run._recorder.spool()
    run._recorder.store()
    assert run._recorder.waiting.files() == {}
    assert [file.name for file in public(world).files() if "page" in file.name] == [
        run.summary["page"]["path"]
    ]
    run.finish()


def test_files_that_wait_are_told_by_their_paths_and_kept_once(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path / "files")
    assert waiting.size == 0
    assert waiting.keep(b"abc", "media//a/b") == "media/a/b"
    waiting.keep(b"abc", "media/a/b")
    waiting.keep(b"", "media/empty")
    assert waiting.size == 4
    assert Waiting(tmp_path / "files").files() == waiting.files()
    waiting.stored(["media/a/b"])
    assert list(waiting.files()) == ["media/empty"]
    assert not (tmp_path / "files/media/a/b").exists()
    waiting.keep(b"abc", "media/a/b")
    assert list(waiting.files()) == ["media/empty"]
