"""W&B's guide to importing and exporting: what reads, compares, exports and edits runs."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.artifacts.world import World
from tests.recipes.pages import ran, text

import wbart
from wbart import calls
from wbart.api import Api
from wbart.errors import CommError
from wbart.runs.publicrun import PublicRun

pytestmark = [
    # `download` returns an open file, as W&B's does, and the recipes leave it open.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

FILES = ("model-best.h5", "model.h5", "plot.png", "other.png")


@pytest.fixture
def project(place: World) -> World:
    """Two finished runs, `run_id` and `two`."""
    for number, name in enumerate(("run_id", "two")):
        config = {"experiment_name": ["foo", "bar"][number], "_internal": 1}
        with calls.init(id=name, name=f"run {name}", config=config) as run:
            for step in range(3):
                run.log({"loss": 1.0 / (step + 1), "accuracy": step / 4, "val": step})
            run.summary["old_name"] = "old"
            run.summary["val_acc"] = number
            for file in FILES:
                run.save(place.file(file, file), base_path=place.folder / "files", policy="now")
            run._recorder.store()
    return place


def found(path: str = "entity/project/run_id") -> PublicRun:
    """A run as it is in the store by now."""
    return Api().run(path)


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


# A run, and what it is afterwards.


def test_a_run_is_found_by_its_path(project: World) -> None:
    assert text("S4-i05") == "<entity>/<project>/<run_id>"
    assert ran("S4-07")["run"].path == ["entity", "project", "run_id"]


def test_a_loop_is_logged_and_read_back_as_the_guide_shows_it(project: World) -> None:
    live = ran("S4-08", project="loop", random=random)["run"]
    run = found(live.path)

    assert (text("S4-i06"), text("S4-i07"), text("S4-i08")) == (
        "run.config", "run.history()", "run.summary",
    )  # fmt: skip
    assert run.config == ran("S4-09")["_"]
    table = run.history()
    shown = text("S4-10").splitlines()
    assert list(table.columns) == shown[0].split()
    assert list(table["_step"]) == [int(line.split()[1]) for line in shown[1:]]
    example = ran("S4-11")["_"]
    summary = run.summary._json_dict
    assert summary.keys() == example.keys()
    assert summary["_wandb"].keys() == example["_wandb"].keys()
    assert summary["_step"] == example["_step"]
    assert [summary[name] for name in ("val", "loss")] == list(table.iloc[-1][["val", "loss"]])


def test_each_log_is_added_to_the_history_and_the_last_is_the_summary(project: World) -> None:
    assert text("S4-i09") == "wandb.log()"
    run = wbart.init(id="logged")
    wbart.log({"val": 1})
    wbart.log({"val": 2})
    wbart.log({"image": {"nested": 3}})
    run.finish()
    read = found("logged")

    assert [row["val"] for row in read.scan_history(keys=["val"])] == [1, 2]
    assert read.summary["val"] == 2
    assert read.summary._json_dict["image.nested"] == 3


def test_the_id_and_the_name_of_a_run_that_goes_on(project: World) -> None:
    with wbart.init() as live:
        variables = {name: eval(text(name), {"wandb": wbart}) for name in ("S4-i21", "S4-i22")}
        assert variables == {"S4-i21": live.id, "S4-i22": live.name}
        assert len(live.id) == 8
        assert live.id.isalnum()
    with wbart.init(name="by hand"):
        assert wbart.run.name == "by hand"
    assert wbart.run is None


def test_notes_tags_and_the_kind_of_work_are_told_at_the_start(project: World) -> None:
    ran("S4-i23")["_"].finish()
    analysis = ran("S4-i03")["_"]
    analysis.tags = ("tried", "kept")
    analysis.finish()

    assert found(analysis.id).job_type == "analysis"
    assert found(analysis.id).tags == ["tried", "kept"]
    assert [run.id for run in Api().runs(filters={"tags": "kept"})] == [analysis.id]
    [noted] = Api().runs(filters={"notes": {"$exists": True, "$ne": None}})
    assert noted.notes is not None
    assert f'"{noted.notes}"' in text("S4-i23")


def test_what_is_asked_is_fresh_and_flush_changes_nothing(project: World) -> None:
    api = Api()
    assert api.run("run_id").summary["val"] == 2
    found("run_id").summary.update({"val": 7})

    assert api.run("run_id").summary["val"] == 7
    assert ran("S4-i10", api=api)["_"] is None
    assert api.run("run_id").summary["val"] == 7


def test_the_commit_of_the_code_is_told(project: World, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    for words in (("init", "-q"), ("commit", "-qm", "first", "--allow-empty")):
        subprocess.run(["git", *identity, *words], check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    monkeypatch.setattr(sys, "argv", ["train.py"])
    calls.init(id="coded").finish()

    assert ran("S4-i20", run=found("coded"))["_"] == head.stdout.strip()
    with found("coded").file(text("S4-i19")).download() as file:
        assert json.load(file)["git"] == {"commit": head.stdout.strip()}


# Reading metrics.


@pytest.mark.parametrize("recipe", ["S4-14", "S4-16"])
def test_a_metric_is_read(project: World, recipe: str, capsys: pytest.CaptureFixture[str]) -> None:
    ran(recipe)
    printed = [[float(word) for word in line.split()] for line in lines(capsys)]

    assert [accuracy for _, accuracy in printed] == [0.0, 0.25, 0.5]
    times = [row["_timestamp"] for row in found().scan_history()]
    assert [time for time, _ in printed] == times


def test_a_metric_is_logged_by_name_and_read_with_its_time(
    project: World, capsys: pytest.CaptureFixture[str]
) -> None:
    live = wbart.init(id="scored")
    ran("S4-i24", acc=0.75)
    live.finish()
    ran("S4-14", {"<run_id>": "scored"})

    assert [line.split()[1] for line in lines(capsys)] == ["0.75"]


def test_a_run_that_goes_on_is_not_read_yet(
    project: World, capsys: pytest.CaptureFixture[str]
) -> None:
    with calls.init(id="live") as live:
        live.log({"accuracy": 1})
        variables = ran("S4-14", {"<run_id>": "live"})
    assert variables["run"].state == "running"
    assert lines(capsys) == []


def test_a_step_without_a_metric_has_none_unless_keys_are_given(project: World) -> None:
    with calls.init(id="sparse") as live:
        for step in range(10):
            live.log({"often": step, **({"seldom": step} if step % 5 == 0 else {})})
    run = found("sparse")

    assert text("S4-i25") == "NaN"
    assert run.history()["seldom"].isna().sum() == 8
    assert list(run.history(keys=["seldom"])["seldom"]) == [0, 5]


def test_a_long_history_is_sampled_and_scanned_whole(project: World) -> None:
    with calls.init(id="long") as live:
        for step in range(700):
            live.log({"loss": step})
    run = found("long")

    assert len(run.history()) == 500
    assert list(run.history(samples=3)["loss"]) == [0, 349, 699]
    assert len(list(ran("S4-i11", run=run)["_"])) == 700


def test_all_points_of_a_history_are_taken(project: World) -> None:
    assert ran("S4-23")["losses"] == [1.0, 0.5, 1 / 3]


def test_a_history_is_taken_page_by_page(project: World) -> None:
    rows = ran("S4-24", cols={"val", "_step"})["_"]

    assert list(rows) == [{"val": step, "_step": step} for step in range(3)]


@pytest.mark.parametrize("recipe", ["S4-22", "S4-34"])
def test_the_machines_metrics_become_a_table(project: World, recipe: str) -> None:
    ran(recipe)
    table = pd.read_csv("sys_metrics.csv")

    assert len(table) == 1
    assert {"_timestamp", "system.cpu", "system.memory"} <= set(table.columns)


def test_metrics_are_plotted(project: World, tmp_path: Path) -> None:
    pyplot = import_module("matplotlib.pyplot")
    pyplot.switch_backend("Agg")
    table = found().history(keys=["loss", "accuracy"])
    axes = table.plot(x="_step", y=["loss", "accuracy"])
    pyplot.savefig(tmp_path / "plot.png")
    pyplot.close("all")

    assert [list(line.get_ydata()) for line in axes.get_lines()] == [
        [1.0, 0.5, 1 / 3],
        [0.0, 0.25, 0.5],
    ]
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


# Many runs.


@pytest.mark.parametrize("recipe", ["S4-12", "S4-25"])
def test_all_runs_of_a_project_become_a_table(project: World, recipe: str) -> None:
    variables = ran(recipe)
    table = pd.read_csv("project.csv")

    assert list(table["name"]) == ["run run_id", "run two"]
    assert variables["config_list"] == [{"experiment_name": "foo"}, {"experiment_name": "bar"}]
    assert eval(table["config"][0]) == {"experiment_name": "foo"}
    assert [each["val"] for each in variables["summary_list"]] == [2, 2]
    assert variables["summary_list"] == [run.summary._json_dict for run in Api().runs()]


def test_runs_are_found_by_their_config(project: World, capsys: pytest.CaptureFixture[str]) -> None:
    ran("S4-13", {"username": "entity"}, api=Api())

    assert lines(capsys) == ["Found 2 runs"]


def test_runs_are_found_by_their_time(project: World) -> None:
    def between(until: str, since: str) -> int:
        return len(ran("S4-15", {"YYYY-MM-DDT##": [until, since]}, api=Api())["runs"])

    assert between("2999-12-31T23", "2021-01-01T00") == 2
    assert between("2021-12-31T23", "2021-01-01T00") == 0
    assert between("2999-12-31T23", "2998-01-01T00") == 0


def test_runs_come_a_page_at_a_time_and_all_the_same(project: World) -> None:
    assert text("S4-i12") == "per_page"
    runs = Api().runs("entity/project", per_page=1)

    assert runs.per_page == 1
    assert (runs[0].id, runs[1].id, len(runs)) == ("run_id", "two", 2)
    assert Api().runs("entity/project").per_page == 50


@pytest.mark.parametrize(
    ("order", "ids"),
    [
        (text("S4-i13"), ["two", "run_id"]),  # -created_at
        (text("S4-i14"), ["run_id", "two"]),  # +created_at
        ("+" + text("S4-i15"), ["run_id", "two"]),  # summary.val_acc
        ("-" + text("S4-i15"), ["two", "run_id"]),
        ("+" + text("S4-i16"), ["two", "run_id"]),  # config.experiment_name
        (text("S4-i16"), ["run_id", "two"]),
    ],
)
def test_runs_are_ordered(project: World, order: str, ids: list[str]) -> None:
    assert [run.id for run in Api().runs("entity/project", order=order)] == ids


def test_without_an_order_the_oldest_run_comes_first(project: World) -> None:
    """As the signatures have it; the text of the guide says otherwise."""
    assert [run.id for run in Api().runs("entity/project")] == ["run_id", "two"]


def test_two_runs_are_compared_and_printed_as_the_guide_prints_them(
    place: World, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = text("S4-18")
    ids = ("slow", "base")
    for id, name, values in zip(ids, shown.splitlines()[0].split(), _columns(shown), strict=True):
        calls.init(id=id, name=name, config={**values, "epochs": 10}).finish()
    ran("S4-17", {"<run_id>": ["", *ids]})

    assert capsys.readouterr().out.rstrip("\n") == shown


def _columns(shown: str) -> list[dict[str, Any]]:
    """The configs that a printed comparison is one of."""
    rows = [line.split() for line in shown.splitlines()[1:]]
    return [
        {row[0]: int(row[at]) if row[at].isdigit() else row[at] for row in rows} for at in (1, 2)
    ]


# Editing what is over.


def test_a_summary_is_updated_with_a_histogram(project: World) -> None:
    ran("S4-19", numpy_array=np.arange(10.0))
    summary = found().summary

    assert summary["accuracy"] == 0.9
    assert sum(summary["accuracy_histogram"]["values"]) == 10
    assert summary["accuracy_histogram"]["_type"] == "histogram"
    assert found().state == "finished"


def test_a_metric_is_renamed(project: World) -> None:
    ran("S4-20")
    summary = found().summary

    assert summary["new_name"] == "old"
    assert "old_name" not in summary


def test_a_config_is_updated(project: World) -> None:
    ran("S4-21", updated_value=7)

    assert found().config["key"] == 7
    assert found().config["experiment_name"] == "foo"


def test_a_summary_is_updated_by_a_dict(project: World) -> None:
    ran("S4-35", summary=found().summary, val=42)

    assert found().summary["key"] == 42
    assert found().summary.get("nothing", 5) == 5


def test_the_start_of_a_run_is_told(project: World) -> None:
    start = ran("S4-26")["start_time"]

    first = next(iter(found().scan_history()))["_timestamp"]
    assert 0 <= first - datetime.fromisoformat(start).timestamp() < 60


# Files.


def test_a_file_is_uploaded_to_a_run_that_is_over(project: World) -> None:
    Path("file_name.extension").write_text("text")
    ran("S4-27")

    with found().file("file_name.extension").download("again") as file:
        assert file.read() == "text"
    assert found().state == "finished"


def test_a_file_is_downloaded(project: World) -> None:
    ran("S4-28")

    assert Path("model-best.h5").read_text() == "model-best.h5"


def test_all_files_are_downloaded(project: World) -> None:
    ran("S4-29")

    assert set(FILES) <= {path.name for path in Path().iterdir()}
    assert {path.name for path in Path().iterdir()} == {file.name for file in found().files()}


def test_files_of_one_kind_are_deleted(project: World) -> None:
    ran("S4-33")
    names = {file.name for file in found().files()}

    assert {"model.h5", "model-best.h5"} <= names
    assert not [name for name in names if name.endswith(".png")]


def test_the_command_of_a_run_is_put_together(
    project: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["train.py", "--lr", "0.1"])
    calls.init(id="told").finish()
    program = ran("S4-36", {"<run_id>": "told"}, json=json)["program"]

    assert program == ["python", "train.py", "--lr", "0.1"]


# Sweeps.


@pytest.fixture
def sweep(project: World) -> str:
    """The id of a sweep of three runs; the second one is the best."""

    def train() -> None:
        with wbart.init() as run:
            Path("model.h5").write_text(str(run.config["x"]))
            run.log({"val_acc": run.config["x"]})
            run.save("model.h5", policy="now")

    config = {
        "method": "grid",
        "metric": {"name": "val_acc", "goal": "maximize"},
        "parameters": {"x": {"values": [1, 3, 2]}},
    }
    id: str = wbart.sweep(config)
    wbart.agent(id, function=train)
    Path("model.h5").unlink()
    return id


def test_the_runs_of_a_sweep_are_found(sweep: str) -> None:
    runs = ran("S4-30", {"<sweep_id>": sweep})["sweep_runs"]

    assert [run.config["x"] for run in runs] == [1, 3, 2]
    assert [run.id for run in Api().runs(filters={"sweep": sweep})] == [run.id for run in runs]


def test_the_best_run_of_a_sweep_is_that_of_its_metric(sweep: str) -> None:
    assert ran("S4-31", {"<sweep_id>": sweep})["best_run"].config["x"] == 3


def test_the_best_model_of_a_sweep_is_downloaded(
    sweep: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("model.h5").write_text("of another day")
    capsys.readouterr()
    best = ran("S4-32", {"<sweep_id>": sweep})["runs"][0]

    assert Path("model.h5").read_text() == "3"
    assert lines(capsys) == [
        f"Best run {best.name} with 3% val accuracy",
        "Best model saved to model-best.h5",
    ]


# Errors, keys and the shell.


def test_what_is_not_there_is_a_comm_error_and_a_value_error(project: World) -> None:
    assert eval(text("S4-i17"), {"wandb": wbart}) is CommError
    cause = OSError("wire cut")
    assert getattr(CommError("no answer", cause), text("S4-i18")) is cause

    with pytest.raises(CommError) as lost:
        Api().run("entity/project/nowhere")
    assert isinstance(lost.value, ValueError)
    assert getattr(lost.value, text("S4-i18")) is None


def test_no_key_is_needed_and_one_that_is_given_changes_nothing(
    project: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert text("S4-i04") == "https://wandb.ai/authorize"
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    for api in (Api(), Api(api_key="0" * 40)):
        assert api.run("entity/project/run_id").name == "run run_id"
        assert api.api_key is None


def test_variables_of_wandb_are_honoured_where_wbart_has_none_of_its_own(
    project: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WBART_PROJECT")
    monkeypatch.setenv("WANDB_PROJECT", "theirs")
    monkeypatch.setenv("WANDB_ENTITY", "not asked, WBART_ENTITY is set")
    with calls.init(id="here"):
        pass

    assert found("here").path == ["entity", "theirs", "here"]
