"""The recipes of W&B's guide to importing and exporting that read, compare, export and edit runs.

They are run as they are written there, with `import wbart as wandb` and the placeholders filled
in. What they leave in their variables is looked at afterwards.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.artifacts.world import World

from wbart import calls

pytestmark = [
    # `download` returns an open file, as W&B's does, and the recipes leave it open.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

HEAD = """
import json
import random
import pandas as pd
import wbart as wandb

api = wandb.Api()
run = api.run("ent/proj/one")
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Two finished runs in the store that the surroundings name; recipes run in an empty folder."""
    for name, value in {
        "WBART_STORE": str(tmp_path / "store"),
        "WBART_CACHE_DIR": str(tmp_path / "cache"),
        "WBART_DATA_DIR": str(tmp_path / "data"),
        "WBART_ENTITY": "ent",
        "WBART_PROJECT": "proj",
    }.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    world = World(tmp_path)
    for number, name in enumerate(("one", "two")):
        config = {"experiment_name": ["foo", "bar"][number], "batch_size": 16 * (number + 1)}
        with world.run(id=name, name=f"run {name}", config=config) as run:
            for step in range(3):
                run.log({"loss": 1.0 / (step + 1), "accuracy": step / 4, "val": step})
            run.summary["old_name"] = "old"
            for file in ("model-best.h5", "model.h5", "plot.png", "other.png"):
                run.save(world.file(file, file), base_path=tmp_path / "files", policy="now")
            run._recorder.store()
    yield tmp_path
    calls.finish()


def ran(recipe: str, head: str = HEAD, **names: Any) -> dict[str, Any]:
    """Run a recipe; its variables."""
    variables: dict[str, Any] = dict(names)
    exec(head + textwrap.dedent(recipe), variables)
    return variables


def test_a_loop_is_logged_and_read_back(project: Path) -> None:
    variables = ran(
        """
        n_epochs = 5
        config = {"n_epochs": n_epochs}
        run = wandb.init(project=project, config=config)
        for n in range(run.config.get("n_epochs")):
            run.log(
                {"val": random.randint(0, 1000), "loss": (random.randint(0, 1000) / 1000.00)}
            )
        run.finish()
        found = wandb.Api().run(run.path)
        """,
        project="loop",
    )
    found = variables["found"]

    assert found.config == {"n_epochs": 5}
    assert list(found.history().columns) == ["val", "loss", "_step", "_runtime", "_timestamp"]
    assert found.summary._json_dict.keys() == {
        "val", "loss", "_step", "_runtime", "_timestamp", "_wandb",
    }  # fmt: skip
    assert found.summary["_wandb"].keys() == {"runtime"}


def test_all_runs_of_a_project_become_a_table(project: Path) -> None:
    ran(
        """
        entity, project = "ent", "proj"
        runs = api.runs(entity + "/" + project)

        summary_list, config_list, name_list = [], [], []
        for run in runs:
            summary_list.append(run.summary._json_dict)
            config_list.append({k: v for k, v in run.config.items() if not k.startswith("_")})
            name_list.append(run.name)

        runs_df = pd.DataFrame(
            {"summary": summary_list, "config": config_list, "name": name_list}
        )

        runs_df.to_csv("project.csv")
        """
    )
    assert list(pd.read_csv("project.csv")["name"]) == ["run one", "run two"]


def test_runs_are_found_by_their_config(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran(
        """
        runs = api.runs(
            "ent/proj",
            {"$or": [{"config.experiment_name": "foo"}, {"config.experiment_name": "bar"}]},
        )
        print(f"Found {len(runs)} runs")
        """
    )
    assert capsys.readouterr().out == "Found 2 runs\n"


def test_runs_are_found_by_their_time(project: Path) -> None:
    recipe = """
        runs = api.runs(
            "ent/proj",
            {"$and": [{"created_at": {"$lt": "BEFORE", "$gt": "2021-01-01T00"}}]},
        )
        """
    assert len(ran(recipe.replace("BEFORE", "2999-12-31T23"))["runs"]) == 2
    assert len(ran(recipe.replace("BEFORE", "2021-12-31T23"))["runs"]) == 0


@pytest.mark.parametrize("history", ["history()", 'history(keys=["accuracy"])'])
def test_a_metric_is_read(project: Path, history: str, capsys: pytest.CaptureFixture[str]) -> None:
    ran(
        f"""
        if run.state == "finished":
            for i, row in run.{history}.iterrows():
                print(row["_timestamp"], row["accuracy"])
        """
    )
    printed = [line.split() for line in capsys.readouterr().out.splitlines()]

    assert [float(accuracy) for _, accuracy in printed] == [0.0, 0.25, 0.5]


def test_two_runs_are_compared(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran(
        """
        run1 = api.run("ent/proj/one")
        run2 = api.run("ent/proj/two")

        df = pd.DataFrame([run1.config, run2.config]).transpose()

        df.columns = [run1.name, run2.name]
        print(df[df[run1.name] != df[run2.name]])
        """
    )
    printed = capsys.readouterr().out
    assert "batch_size" in printed
    assert "run two" in printed


def test_a_summary_is_updated_with_a_histogram(project: Path) -> None:
    ran(
        """
        run.summary["accuracy"] = 0.9
        run.summary["accuracy_histogram"] = wandb.Histogram(numpy_array)
        run.summary.update()
        """,
        numpy_array=np.arange(10.0),
    )
    found = ran("")["run"].summary
    assert found["accuracy"] == 0.9
    assert sum(found["accuracy_histogram"]["values"]) == 10


def test_a_metric_is_renamed(project: Path) -> None:
    ran(
        """
        run.summary["new_name"] = run.summary["old_name"]
        del run.summary["old_name"]
        run.summary.update()
        """
    )
    found = ran("")["run"].summary
    assert found["new_name"] == "old"
    assert "old_name" not in found


def test_a_config_is_updated(project: Path) -> None:
    ran(
        """
        run.config["key"] = updated_value
        run.update()
        """,
        updated_value=7,
    )
    assert ran("")["run"].config["key"] == 7


def test_the_machines_metrics_become_a_table(project: Path) -> None:
    ran(
        """
        system_metrics = run.history(stream="events")
        system_metrics.to_csv("sys_metrics.csv")
        """
    )
    assert "system.cpu" in pd.read_csv("sys_metrics.csv").columns


def test_histories_are_scanned(project: Path) -> None:
    variables = ran(
        """
        history = run.scan_history()
        losses = [row["loss"] for row in history]
        rows = run.scan_history(keys=sorted(cols), page_size=100)
        """,
        cols={"val", "_step"},
    )
    assert variables["losses"] == [1.0, 0.5, 1 / 3]
    assert [row["val"] for row in variables["rows"]] == [0, 1, 2]


def test_the_start_of_a_run_is_told(project: Path) -> None:
    assert ran("start_time = run.created_at")["start_time"].startswith("20")


def test_files_are_uploaded_and_downloaded(project: Path) -> None:
    Path("file_name.extension").write_text("text")
    ran(
        """
        run.upload_file("file_name.extension")
        run.file("model-best.h5").download()
        """
    )
    Path("all").mkdir()
    ran(
        """
        import os
        os.chdir("all")
        for file in run.files():
            file.download()
        """
    )
    assert Path("../model-best.h5").read_text() == "model-best.h5"
    assert Path("file_name.extension").read_text() == "text"


def test_files_of_one_kind_are_deleted(project: Path) -> None:
    ran(
        """
        extension = ".png"
        files = run.files()
        for file in files:
            if file.name.endswith(extension):
                file.delete()
        """
    )
    names = [file.name for file in ran("")["run"].files()]
    assert "model.h5" in names
    assert not [name for name in names if name.endswith(".png")]


def test_the_command_of_a_run_is_put_together(project: Path) -> None:
    variables = ran(
        """
        meta = json.load(run.file("wandb-metadata.json").download())
        program = ["python"] + [meta["program"]] + meta["args"]
        """
    )
    assert variables["program"][0] == "python"


def test_the_best_run_of_a_sweep_is_found(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    variables = ran(
        """
        from pathlib import Path

        def train():
            with wandb.init() as run:
                Path("model.h5").write_text(str(run.config["x"]))
                run.log({"val_acc": run.config["x"]})
                run.save("model.h5", policy="now")

        metric = {"name": "val_acc", "goal": "maximize"}
        parameters = {"x": {"values": [1, 3, 2]}}
        sweep_id = wandb.sweep(
            {"method": "grid", "metric": metric, "parameters": parameters}, project="proj"
        )
        wandb.agent(sweep_id, function=train, project="proj")

        sweep = api.sweep("ent/proj/" + sweep_id)
        best_run = sweep.best_run()
        sweep_runs = sweep.runs
        runs = sorted(sweep.runs, key=lambda run: run.summary.get("val_acc", 0), reverse=True)
        val_acc = runs[0].summary.get("val_acc", 0)
        print(f"Best run {runs[0].name} with {val_acc}% val accuracy")

        runs[0].file("model.h5").download(replace=True)
        print("Best model saved to model-best.h5")
        """,
        head=HEAD.replace('run = api.run("ent/proj/one")', ""),
    )
    assert len(variables["sweep_runs"]) == 3
    assert variables["best_run"].config["x"] == 3
    assert Path("model.h5").read_text() == "3"
    assert "with 3% val accuracy" in capsys.readouterr().out
