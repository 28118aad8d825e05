"""`wbart import`: the tools that there are, and MLflow's runs on the command line."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.conftest import Shell
from tests.importers.mlflowworld import MlflowStore, write


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory: pytest.TempPathFactory) -> MlflowStore:
    folder = tmp_path_factory.mktemp("mlflow")
    return write(folder, f"sqlite:///{folder}/mlflow.db", f"file://{folder}/artifacts")


def test_each_tool_has_a_command(wbart: Shell) -> None:
    told = wbart("import", "--help").out

    assert {"mlflow", "tb", "wandb"} <= {line.split()[0] for line in told.splitlines() if line}
    wbart("import", "excel", code=2)


def test_runs_of_mlflow_are_imported_once(wbart: Shell, mlflow: MlflowStore) -> None:
    first = wbart("import", "mlflow", mlflow.uri)
    again = wbart("import", "mlflow", str(mlflow.folder), "--json")

    assert first.lines == ["default/imported-from-mlflow  6 runs imported"]
    assert len(again.json["unchanged"]) == 6
    assert again.json["imported"] == again.json["failed"] == again.json["damaged"] == []
    listed = wbart("runs", "ls", "imported-from-mlflow", "--json").json
    assert {run["id"] for run in listed} == set(mlflow.ids.values()) - {mlflow.ids["experiment"]}


def test_they_go_where_the_options_say(wbart: Shell, mlflow: MlflowStore) -> None:
    said = ("--project", "lab", "--entity", "eve", "--limit", "1", "--no-artifacts", "-q")

    assert wbart("import", "mlflow", mlflow.uri, *said).lines == [f"eve/lab/{mlflow.ids['train']}"]
    assert "first__try__1" not in wbart("ls", *said[:4], "--json").out


def test_what_is_broken_is_told_at_the_end(
    wbart: Shell, mlflow: MlflowStore, tmp_path: Path
) -> None:
    store = mlflow.copied(tmp_path / "copy")
    store.say("UPDATE metrics SET value = 'much' WHERE key = 'loss' AND step = 1")

    told = wbart("import", "mlflow", str(store.database), code=3)

    assert told.lines == ["default/imported-from-mlflow  6 runs imported"]
    assert f"wbart: run {store.ids['train']}: metric loss: " in told.err


def test_when_no_run_could_be_imported_it_has_failed(
    wbart: Shell, mlflow: MlflowStore, tmp_path: Path
) -> None:
    store = mlflow.copied(tmp_path / "copy")
    store.say("DROP TABLE params")

    told = wbart("import", "mlflow", str(store.database), "--json", code=1)

    assert len(told.json["failed"]) == 6
    assert told.json["failed"][0]["error"].endswith("no such table: params")


def test_progress_is_told_in_runs(wbart: Shell, tmp_path: Path) -> None:
    database = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(database)) as opened, opened:
        opened.execute(
            "CREATE TABLE runs (run_uuid, name, user_id, status, start_time, end_time, "
            "lifecycle_stage, artifact_uri, experiment_id)"
        )
        opened.execute("CREATE TABLE experiments (experiment_id, name)")
        opened.execute("CREATE TABLE params (key, value, run_uuid)")
        opened.execute("CREATE TABLE tags (key, value, run_uuid)")
        opened.execute("CREATE TABLE metrics (key, value, timestamp, run_uuid, step)")
        opened.executemany(
            "INSERT INTO runs VALUES (?, 'n', 'u', 'FINISHED', 1, 2, 'active', 'here/' || ?1, 0)",
            ((f"run{number}",) for number in range(400)),
        )

    told = wbart("import", "mlflow", str(database), "--progress", "json")

    events = [json.loads(line) for line in told.err.splitlines() if line.startswith("{")]
    assert events
    assert {(event["kind"], event["total_files"]) for event in events} == {("import", 400)}


@pytest.mark.parametrize(
    ("uri", "code"), [("nowhere", 4), ("sqlite:///nowhere.db", 4), ("", 2), ("http://x", 2)]
)
def test_a_uri_that_leads_nowhere_is_told(wbart: Shell, uri: str, code: int) -> None:
    assert len(wbart("import", "mlflow", uri, code=code).err.splitlines()) == 1
