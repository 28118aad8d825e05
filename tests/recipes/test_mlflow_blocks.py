"""What W&B's guide imports from MLflow, out of a database that the real MLflow wrote."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
from tests.artifacts.world import World
from tests.peers.home import python_of
from tests.recipes.pages import filled, ran, text

import wbart
import wbart_manifest
import wbart_storage
from wbart.api import Api
from wbart.apis.importers.mlflow import MlflowImporter, MlflowRun
from wbart.errors import UsageError

WRITER = Path(__file__).parents[1] / "importers" / "mlflow_writer.py"
PROJECT = "imported-from-mlflow"
_WINGS = [str(Path(each.__path__[0]).parent) for each in (wbart, wbart_storage, wbart_manifest)]
APPENDED = f"import sys; sys.path += {[*_WINGS, sysconfig.get_path('purelib')]!r}\n"
"""Lets MLflow's own environment find what wbart needs, after what MLflow needs."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A database of six runs and their artifacts: its `uri`, and the ids of the runs by name."""
    folder = tmp_path_factory.mktemp("mlflow")
    uri = f"sqlite:///{folder}/mlflow.db"
    said = by_mlflow([str(WRITER), uri, f"{folder}/artifacts", "0"], folder)
    return {"uri": uri, **json.loads(said.splitlines()[-1])}


def by_mlflow(arguments: list[str], folder: Path) -> str:
    """What the Python that has MLflow prints."""
    environment = {**os.environ, "MLFLOW_TRACKING_URI": "", "GIT_PYTHON_REFRESH": "quiet"}
    done = subprocess.run(
        [str(python_of("mlflow")), *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def imported(project: str = PROJECT) -> dict[str, Any]:
    return {run.name: run for run in Api().runs(f"entity/{project}")}


def test_all_runs_of_a_tracking_store_are_imported(place: World, written: dict[str, str]) -> None:
    ran("S4-03", {'"..."': repr(written["uri"])})
    found = imported()

    assert {run.id for run in found.values()} <= {*written.values()}
    assert len(Api().runs(f"entity/{PROJECT}")) == 6
    run = Api().run(f"entity/{PROJECT}/{written['train']}")
    assert run.config["optimizer"] == "adam"
    assert run.notes == "a *note*"
    assert run.commit == "c0ffee"
    assert run.state == "finished"
    assert [row["loss"] for row in run.scan_history(keys=["loss"])][:2] == [1.0, 0.5]
    assert [each.type for each in run.logged_artifacts()]
    before = run._record.next
    ran("S4-03", {'"..."': repr(written["uri"])})
    assert len(Api().runs(f"entity/{PROJECT}")) == 6
    assert Api().run(f"entity/{PROJECT}/{written['train']}")._record.next == before


def test_collecting_gives_each_run_once(place: World, written: dict[str, str]) -> None:
    runs = ran("S4-i01", importer=MlflowImporter(mlflow_tracking_uri=written["uri"]))["_"]

    assert len(runs) == 6
    assert {type(run) for run in runs} == {MlflowRun}


def test_runs_that_mlflow_searched_are_imported(
    place: World, written: dict[str, str], tmp_path: Path
) -> None:
    """The page defines `client` and reads `mlflow_client`; the block runs where MLflow is."""
    fill = {"mlflow_client.search_runs(...)": f"client.search_runs([{written['experiment']!r}])"}
    script = tmp_path / "script.py"
    script.write_text(
        f"{APPENDED}from typing import Iterable\n"
        "from wbart.apis.importers.mlflow import MlflowImporter\n"
        f"mlflow_tracking_uri = {written['uri']!r}\n"
        "importer = MlflowImporter(mlflow_tracking_uri=mlflow_tracking_uri)\n"
        f"{filled('S4-04', fill)}\n"
    )
    by_mlflow([str(script)], tmp_path)

    found = imported()
    assert written["gone"] not in {run.id for run in found.values()}  # search leaves deleted ones
    assert found["alive"].state == "running"
    assert found["child"].state == "failed"
    assert len(Api().runs(f"entity/{PROJECT}")) == 5


def test_artifacts_are_left_out_when_told(place: World, written: dict[str, str]) -> None:
    importer = MlflowImporter(mlflow_tracking_uri=written["uri"])
    report = ran("S4-05", importer=importer, runs=importer.collect_runs())["_"]

    assert len(report.imported) == 6
    assert [list(run.logged_artifacts()) for run in imported().values()] == [[]] * len(imported())


def test_runs_go_to_the_namespace_that_is_told(place: World, written: dict[str, str]) -> None:
    importer = MlflowImporter(mlflow_tracking_uri=written["uri"])
    runs = [run for run in importer.collect_runs() if run.id == written["train"]]
    ran("S4-06", importer=importer, runs=runs, entity="team", project="taken-over")

    assert [run.path for run in Api().runs("team/taken-over")] == [
        ["team", "taken-over", written["train"]]
    ]
    assert [each.name for each in Api().projects("entity")] == []


def test_databricks_is_asked_through_the_client(
    place: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where MLflow's client is not installed the error names it."""
    monkeypatch.setitem(sys.modules, "mlflow", None)
    name, uri = text("S4-i02").split("=")
    said: dict[str, Any] = {name.replace("-", "_"): uri.strip('"')}

    with pytest.raises(UsageError, match="pip install mlflow"):
        MlflowImporter(**said).collect_runs()
