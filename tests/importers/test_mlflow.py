"""What the real MLflow wrote into a database, or into a folder, as runs and versions of ours."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.artifacts.house import House
from tests.importers.mlflowworld import MlflowStore, write_many

from wbart.api import Api
from wbart.apis.importers import ImportReport, MlflowImporter, Namespace
from wbart.apis.importers.mlflow import MlflowRun
from wbart.apis.importers.mlflow.opening import open_tracking
from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid, Error, NotFound, UsageError
from wbart.runs.publicrun import PublicRun

PROJECT = "imported-from-mlflow"


def taken(uri: str | Path, **more: Any) -> ImportReport:
    importer = MlflowImporter(mlflow_tracking_uri=str(uri))
    return importer.import_runs(importer.collect_runs(), **more)


def run_of(house: House, id_: str, project: str = PROJECT) -> PublicRun:
    return Api._within(house.workspace).run(f"{project}/{id_}")


def objects(house: House) -> dict[str, int]:
    return {
        str(path.relative_to(house.store)): path.stat().st_mtime_ns
        for path in house.store.rglob("*") if path.is_file()
    }  # fmt: skip


def test_what_is_said_of_a_run(house: House, mlflow: MlflowStore) -> None:
    report = taken(mlflow.uri)

    assert report.complete, report.troubles
    assert len(report.imported) == 6
    run = run_of(house, mlflow.ids["train"])
    assert (run.name, run.state, run.notes) == ("first try/1", "finished", "a *note*")
    assert (run.group, run.job_type, run.tags) == (
        f"Experiment {mlflow.ids['experiment']}", run.job_type, [],
    )  # fmt: skip
    assert run.config["rate"] == "0.1"
    assert run.config["optimizer"] == "adam"
    assert run.config["empty"] == ""
    assert run.config["imported_mlflow_tags"] == {"team": "vision"}
    assert run.config["imported_mlflow_experiment"] == "exp"
    assert run.username == "bob"
    assert run.commit == "c0ffee"
    assert run.metadata is not None
    assert run.metadata["program"] == "train.py"
    assert run.metadata["git"]["remote"] == "https://h/r"
    assert "host" not in run.metadata
    assert run.created_at.startswith("20")
    assert run.summary["_runtime"] == 60.0


def test_states_deleted_runs_and_parents(house: House, mlflow: MlflowStore) -> None:
    taken(mlflow.uri)

    states = {name: run_of(house, mlflow.ids[name]).state for name in ("child", "gone", "alive")}
    assert states == {"child": "failed", "gone": "killed", "alive": "running"}
    assert run_of(house, mlflow.ids["gone"]).config["imported_mlflow_lifecycle"] == "deleted"
    child = run_of(house, mlflow.ids["child"])
    assert child.config["imported_mlflow_parent_run"] == mlflow.ids["train"]
    found = Api._within(house.workspace).runs(
        f"ann/{PROJECT}", {"config.imported_mlflow_parent_run": mlflow.ids["train"]}
    )
    assert [run.id for run in found] == [mlflow.ids["child"]]


def test_a_row_has_all_metrics_of_its_step(house: House, mlflow: MlflowStore) -> None:
    taken(mlflow.uri)

    run = run_of(house, mlflow.ids["train"])
    rows = list(run.scan_history())
    began = rows[0]["_timestamp"] - 0.001
    values = [{k: v for k, v in row.items() if not k.startswith("_")} for row in rows]
    assert values == [
        {"low": "-Infinity", "mlflow_step": -5},
        {"loss": 1.0, "eval/acc": 0.0},
        {"loss": 0.5, "eval/acc": 0.1, "nan": "NaN", "top": "Infinity"},
        {"loss": 1 / 3, "eval/acc": 0.2},
        {"loss": 0.9},
    ]
    assert [row["_step"] for row in rows] == [0, 0, 1, 2, 2]
    assert [round(row["_timestamp"] - began, 3) for row in rows] == [
        0.001, 0.005, 0.015, 0.025, 0.04,
    ]  # fmt: skip
    assert [row["_runtime"] for row in rows] == [0.001, 0.005, 0.015, 0.025, 0.04]


def test_the_summary_has_the_last_values(house: House, mlflow: MlflowStore) -> None:
    taken(mlflow.uri)

    summary = dict(run_of(house, mlflow.ids["train"]).summary)
    metrics = {name: value for name, value in summary.items() if not name.startswith("_")}
    assert metrics == {
        "loss": 0.9, "eval/acc": 0.2, "nan": "NaN", "top": "Infinity", "low": "-Infinity",
    }  # fmt: skip
    assert summary["_step"] == 2


def test_the_machines_metrics_are_apart(house: House, mlflow: MlflowStore) -> None:
    taken(mlflow.uri)

    run = run_of(house, mlflow.ids["train"])
    assert run.system_metrics == {"system/cpu": 20.0}
    samples = run.history(pandas=False, stream="system")
    assert [row["system/cpu"] for row in samples] == [0, 10, 20]


def test_artifacts_are_one_version(house: House, mlflow: MlflowStore, tmp_path: Path) -> None:
    taken(mlflow.uri)

    (first,) = run_of(house, mlflow.ids["train"]).logged_artifacts()
    (again,) = run_of(house, mlflow.ids["again"]).logged_artifacts()
    assert (first.name, first.type) == ("first__try__1:v0", "imported-artifacts")
    assert (again.name, again.aliases) == ("first__try__1:v1", ["imported", "latest"])
    assert Path(first.download(str(tmp_path / "down")), "sub/a.txt").read_text() == "hello"
    assert not list(run_of(house, mlflow.ids["child"]).logged_artifacts())


def test_datasets_are_used_versions(house: House, mlflow: MlflowStore) -> None:
    taken(mlflow.uri)

    run = run_of(house, mlflow.ids["train"])
    (dataset,) = run.used_artifacts()
    assert (dataset.name, dataset.type) == ("dataset-wine:v0", "dataset")
    assert dataset.metadata["digest"] == "abc123"
    assert dataset.metadata["source"] == {"url": "http://x/y.csv"}
    assert dataset.metadata["profile"] == {"n": 3}
    assert run.config["imported_mlflow_datasets"][0]["context"] == "training"


def test_registered_models_have_versions_and_aliases(house: House, mlflow: MlflowStore) -> None:
    taken(mlflow.uri)

    api = Api._within(house.workspace)
    champion = api.artifact("model-registry/churn:champion")
    assert champion.source_artifact.name == "model-churn:v0"
    assert champion.type == "model"
    assert champion.description == "number 1"
    assert champion.metadata["mlflow"]["tags"] == {"checked": "yes"}
    assert champion.logged_by() == run_of(house, mlflow.ids["model"])
    versions = [f"model-churn:mlflow-v{number}" for number in (1, 2, 3)]
    assert [api.artifact(f"{PROJECT}/{name}").version for name in versions] == ["v0", "v1", "v2"]
    files = sorted(file.name for file in api.artifact(f"{PROJECT}/{versions[2]}").files())
    assert files == ["MLmodel", "weights.bin"]
    logged = {
        each.collection.name for each in run_of(house, mlflow.ids["model"]).logged_artifacts()
    }
    assert logged == {"model__run", "model-churn"}


def test_logged_models_lie_among_the_artifacts(house: House, mlflow: MlflowStore) -> None:
    taken(mlflow.uri)

    found = Api._within(house.workspace).artifact(f"{PROJECT}/model__run:imported")
    folders = {file.name.partition("/")[0] for file in found.files()}
    assert folders == {"model1", "model2", "net"}


def test_importing_again_adds_nothing(house: House, mlflow: MlflowStore) -> None:
    taken(mlflow.uri)
    before = objects(house)

    report = taken(mlflow.uri)

    assert len(report.unchanged) == 6
    assert objects(house) == before


def test_aliases_follow_mlflow(house: House, mlflow_database: MlflowStore, tmp_path: Path) -> None:
    store = mlflow_database.copied(tmp_path / "copy")
    taken(store.uri)
    api = Api._within(house.workspace)
    mine = api.artifact(f"{PROJECT}/model-churn:champion")
    mine.aliases.append("mine")
    mine.save()
    store.say("UPDATE registered_model_aliases SET version = 2")

    taken(store.uri)

    old = api.artifact(f"{PROJECT}/model-churn:mlflow-v1")
    assert set(old.aliases) == {"mlflow-v1", "mine"}
    assert api.artifact("model-registry/churn:champion").source_artifact.version == "v1"


def test_an_alias_that_mlflow_took_away_is_gone(
    house: House, mlflow_database: MlflowStore, tmp_path: Path
) -> None:
    store = mlflow_database.copied(tmp_path / "copy")
    taken(store.uri)
    store.say("DELETE FROM registered_model_aliases")

    taken(store.uri)

    api = Api._within(house.workspace)
    assert set(api.artifact(f"{PROJECT}/model-churn:v0").aliases) == {"mlflow-v1"}
    assert set(api.artifact("model-registry/churn:v0").aliases) == {"mlflow-v1"}


def test_what_mlflow_said_since_is_taken(
    house: House, mlflow_database: MlflowStore, tmp_path: Path
) -> None:
    store = mlflow_database.copied(tmp_path / "copy")
    taken(store.uri)
    id_ = store.ids["alive"]
    store.say("INSERT INTO metrics VALUES ('late', 7.0, 1700000000000, ?, 9, 0)", id_)
    store.say(
        "UPDATE runs SET status = 'FINISHED', end_time = start_time + 5 WHERE run_uuid = ?", id_
    )

    report = taken(store.uri)

    assert [path.id for path in report.updated] == [id_]
    run = run_of(house, id_)
    assert (run.state, run.summary["late"], run.lastHistoryStep) == ("finished", 7.0, 9)


def test_a_store_can_move_with_its_artifacts(
    house: House, mlflow: MlflowStore, tmp_path: Path
) -> None:
    store = mlflow.copied(tmp_path / "moved")
    hidden = mlflow.folder.rename(mlflow.folder.with_name("away"))
    try:
        report = taken(store.uri)
    finally:
        hidden.rename(mlflow.folder)

    assert report.complete, report.troubles
    assert len(list(run_of(house, store.ids["model"]).logged_artifacts())) == 4


def test_without_artifacts_there_are_none(house: House, mlflow: MlflowStore) -> None:
    report = taken(mlflow.uri, artifacts=False)

    assert len(report.imported) == 6
    assert not house.workspace.catalog.exists("ann", PROJECT, "first__try__1")
    assert len(taken(mlflow.uri).updated) == 6


def test_runs_go_where_the_namespace_says(house: House, mlflow_database: MlflowStore) -> None:
    report = taken(mlflow_database.uri, namespace=Namespace("eve", "lab"), parallel=False)

    assert {(path.entity, path.project) for path in report.imported} == {("eve", "lab")}
    assert Api._within(house.workspace).artifact("eve/model-registry/churn:champion").is_link


def test_a_limit_takes_the_oldest(house: House, mlflow: MlflowStore) -> None:
    importer = MlflowImporter(mlflow_tracking_uri=mlflow.uri)

    runs = importer.collect_runs(limit=2)
    report = importer.import_runs(runs)

    assert [path.id for path in report.imported] == [mlflow.ids["train"], mlflow.ids["child"]]
    assert not house.workspace.catalog.exists("ann", PROJECT, "model-churn")
    with pytest.raises(ArgumentInvalid):
        importer.collect_runs(limit=-1)


def test_some_of_the_runs_can_be_chosen(house: House, mlflow: MlflowStore) -> None:
    importer = MlflowImporter(mlflow_tracking_uri=mlflow.uri)
    chosen = [run for run in importer.collect_runs() if run.id == mlflow.ids["model"]]

    report = importer.import_runs(iter(chosen))

    assert [path.id for path in report.imported] == [mlflow.ids["model"]]
    assert house.workspace.catalog.exists("ann", PROJECT, "model-churn")


def test_a_lost_folder_is_told_and_costs_no_run(
    house: House, mlflow_folder: MlflowStore, tmp_path: Path
) -> None:
    store = mlflow_folder.copied(tmp_path / "copy")
    experiment, run = store.ids["experiment"], store.ids["train"]
    for place in (store, mlflow_folder):
        shutil.move(
            place.folder / "mlruns" / experiment / run / "artifacts", tmp_path / place.folder.name
        )
    try:
        report = taken(store.uri)
    finally:
        home = mlflow_folder.folder / "mlruns" / experiment / run / "artifacts"
        shutil.move(tmp_path / mlflow_folder.folder.name, home)

    assert len(report.imported) == 6
    assert [id_ for id_, _ in report.damaged] == [run]
    assert "its artifacts are not at" in report.troubles[0]
    assert run_of(house, run).summary["loss"] == 0.9
    again = taken(store.uri)  # the folder of old is back, to which its URI leads
    assert [path.id for path in again.updated] == [run]
    assert again.complete


def test_a_corrupt_line_is_told_and_costs_no_other(
    house: House, mlflow_folder: MlflowStore, tmp_path: Path
) -> None:
    store = mlflow_folder.copied(tmp_path / "copy")
    run = store.folder / "mlruns" / store.ids["experiment"] / store.ids["train"]
    with Path(run, "metrics", "loss").open("a") as file:
        file.write("17 nonsense 3\n\x00\x00\n5 1.5\n")

    report = taken(store.uri)

    assert report.troubles == [
        f"run {store.ids['train']}: metric loss: line 5 is no measurement: '17 nonsense 3'",
        f"run {store.ids['train']}: metric loss: line 6 is no measurement: '\\x00\\x00'",
    ]
    assert run_of(house, store.ids["train"]).summary["loss"] == 0.9


def test_a_run_without_a_record_fails_alone(
    house: House, mlflow_folder: MlflowStore, tmp_path: Path
) -> None:
    store = mlflow_folder.copied(tmp_path / "copy")
    run = store.folder / "mlruns" / store.ids["experiment"] / store.ids["train"]
    (run / "meta.yaml").write_text("{: no yaml")

    report = taken(store.uri)

    assert [id_ for id_, _ in report.failed] == [store.ids["train"]]
    assert len(report.imported) == 5


def test_what_is_no_number_in_a_database_is_told(
    house: House, mlflow_database: MlflowStore, tmp_path: Path
) -> None:
    store = mlflow_database.copied(tmp_path / "copy")
    store.say("UPDATE metrics SET value = 'much' WHERE key = 'loss' AND step = 1")

    report = taken(store.uri)

    assert [id_ for id_, _ in report.damaged] == [store.ids["train"]]
    assert "metric loss" in report.troubles[0]


def test_an_old_schema_is_read(house: House, tmp_path: Path, mlflow_database: MlflowStore) -> None:
    """As MLflow 1.2 had it: runs had no name of their own, and there were no datasets."""
    store = mlflow_database.copied(tmp_path / "old")
    for table in ("registered_model_aliases", "input_tags", "inputs", "datasets", "logged_models"):
        store.say(f"DROP TABLE {table}")
    store.say("CREATE TABLE old AS SELECT run_uuid, user_id, status, start_time, end_time, "
              "lifecycle_stage, artifact_uri, experiment_id FROM runs")  # fmt: skip
    store.say("DROP TABLE runs")
    store.say("ALTER TABLE old RENAME TO runs")
    store.say("CREATE TABLE m AS SELECT key, value, timestamp, run_uuid, step FROM metrics")
    store.say("DROP TABLE metrics")
    store.say("ALTER TABLE m RENAME TO metrics")

    report = taken(store.uri)

    assert len(report.imported) == 6
    assert run_of(house, store.ids["train"]).name == "first try/1"


@pytest.mark.parametrize("uri", ["", ".", "/", "file:///", "./"])
def test_a_run_without_a_place_has_no_artifacts(
    house: House, mlflow_database: MlflowStore, tmp_path: Path, uri: str
) -> None:
    """What lies beside the database is not the run's."""
    store = mlflow_database.copied(tmp_path / "copy")
    store.say("UPDATE runs SET artifact_uri = ?", uri)
    store.say("DROP TABLE model_versions")

    report = taken(store.uri)

    assert len(report.damaged) == 6
    assert "no place of artifacts" in report.troubles[0]
    assert not list(run_of(house, store.ids["train"]).logged_artifacts())


@pytest.mark.parametrize("uri", ["dbfs:/x/y", "mlflow-artifacts:/1/x/artifacts"])
def test_what_only_a_server_has_is_told(
    house: House, mlflow_database: MlflowStore, tmp_path: Path, uri: str
) -> None:
    store = mlflow_database.copied(tmp_path / "copy")
    store.say("UPDATE runs SET artifact_uri = ? WHERE run_uuid = ?", uri, store.ids["train"])

    report = taken(store.uri)

    assert [id_ for id_, _ in report.damaged] == [store.ids["train"]]
    assert "server" in report.troubles[0]
    assert len(report.imported) == 6


def test_what_a_server_kept_is_found_beside_its_database(
    house: House, mlflow_database: MlflowStore, tmp_path: Path
) -> None:
    store = mlflow_database.copied(tmp_path / "copy")
    store.say("UPDATE runs SET artifact_uri = 'mlflow-artifacts:/1/x/artifacts' "
              "WHERE run_uuid = ?", store.ids["train"])  # fmt: skip
    house.file("copy/mlartifacts/1/x/artifacts/kept.txt", "hello")

    assert taken(store.uri).complete

    (files,) = run_of(house, store.ids["train"]).logged_artifacts()
    assert [file.name for file in files.files()] == ["kept.txt"]


def test_a_thousand_runs_come_in_parallel(house: House, tmp_path: Path) -> None:
    store = write_many(tmp_path / "many", 5, 200)

    report = taken(store.uri)

    assert len(report.imported) == 1000
    assert report.complete
    found = Api._within(house.workspace).runs(f"ann/{PROJECT}", {"config.number": "3"})
    assert len(found) == 200
    assert found[0].summary["loss"] == 0.2


def test_paths_and_uris_name_the_same_store(
    mlflow_database: MlflowStore, mlflow_folder: MlflowStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(mlflow_database.folder)
    database = [mlflow_database.uri, "sqlite:///mlflow.db", "mlflow.db", ".",
                str(mlflow_database.folder)]  # fmt: skip
    folder = [mlflow_folder.uri, str(mlflow_folder.folder / "mlruns"), str(mlflow_folder.folder)]

    assert {open_tracking(uri).uri for uri in database} == {mlflow_database.uri}
    assert {open_tracking(uri).uri for uri in folder} == {mlflow_folder.uri}


def test_where_nothing_is_nothing_is_made(house: House, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    text = house.file("notes.txt", "no database")

    for uri in ("nowhere", "sqlite:///nowhere.db", str(tmp_path / "empty")):
        with pytest.raises(NotFound):
            open_tracking(uri)
    with pytest.raises(Error, match="cannot be read as a database of MLflow's"):
        open_tracking(str(text))
    with pytest.raises(ArgumentInvalid):
        open_tracking(" ")
    assert not Path("nowhere.db").exists()


def test_a_server_needs_the_client(house: House) -> None:
    for uri in ("http://127.0.0.1:1", "databricks", "databricks://me", "postgresql://u:secret@h/d"):
        with pytest.raises(UsageError, match="pip install mlflow-skinny") as raised:
            taken(uri)
        assert "secret" not in str(raised.value)


def test_both_signatures_are_taken(mlflow_database: MlflowStore) -> None:
    uri = mlflow_database.uri
    importers = [
        MlflowImporter(uri),
        MlflowImporter(mlflow_tracking_uri=uri),
        MlflowImporter("https://api.example", "key", uri, None, custom_api_kwargs={"timeout": 5}),
        MlflowImporter(
            dst_base_url="https://api.example", dst_api_key="key", mlflow_tracking_uri=uri,
            mlflow_registry_uri=None,
        ),
    ]  # fmt: skip

    for importer in importers:
        runs = importer.collect_runs()
        assert len(runs) == 6
        assert isinstance(runs[0], MlflowRun)
    with pytest.raises(ArgumentTypeInvalid):
        MlflowImporter()


def test_a_store_can_be_named(mlflow_database: MlflowStore, tmp_path: Path) -> None:
    importer = MlflowImporter(
        mlflow_tracking_uri=mlflow_database.uri, store=os.fspath(tmp_path / "store")
    )

    importer.import_runs(importer.collect_runs(limit=1))

    assert len(Api(store=tmp_path / "store").runs(PROJECT)) == 1
