"""Artifacts of MLflow's that lie in a bucket, read with the settings of references."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.artifacts.house import House
from tests.importers.mlflowworld import MlflowStore
from tests.servers.server import Server

from wbart.api import Api
from wbart.apis.importers.mlflow.importer import MlflowImporter
from wbart.workspace import Workspace


@pytest.mark.parametrize("name", ["ministack"])
def test_artifacts_of_a_bucket_are_brought_in(
    house: House, serving: Callable[[str], Server], mlflow_database: MlflowStore, name: str
) -> None:
    server = serving(name)
    bucket, fs = server.bucket(), server.fs()
    for path in ("a.txt", "deep/b.txt"):
        fs.pipe(f"{bucket}/exp/run/artifacts/{path}", path.encode())
    fs.pipe(f"{bucket}/exp/run/artifacts2/c.txt", b"another's")
    store = mlflow_database.copied(house.folder / "copy")
    store.say("DROP TABLE model_versions")
    store.say("UPDATE runs SET artifact_uri = ? WHERE run_uuid = ?",
              f"{bucket}/exp/run/artifacts", store.ids["train"])  # fmt: skip
    reached = replace(house.workspace.settings, reference_options={"s3": dict(server.options)})
    workspace = Workspace(reached, house.workspace.store)
    importer = MlflowImporter(mlflow_tracking_uri=store.uri)

    def bring() -> int:
        runs = importer.collect_runs()
        report = importer.bring(workspace, runs, artifacts=True, namespace=None)
        assert report.complete, report.troubles
        return len(report.unchanged)

    assert (bring(), bring()) == (0, 6)

    run = Api._within(workspace).run(f"imported-from-mlflow/{store.ids['train']}")
    (files,) = run.logged_artifacts()
    root = Path(files.download(str(house.folder / "down")))
    found = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert found == {"a.txt", "deep/b.txt"}
    assert (root / "deep/b.txt").read_text() == "deep/b.txt"
