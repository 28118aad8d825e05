"""Imports from MLflow with its own client beside wbart: runs in MLflow's environment.

Arguments: a tracking URI, a store, and whether the script of W&B's guide makes the runs. Writes
what became of them to stdout, as JSON.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import Any


def guided(uri: str) -> list[Any]:
    """The runs as W&B's guide has them made: of what MLflow's own client finds."""
    from wbart.apis.importers.mlflow import MlflowRun

    client = import_module("mlflow.tracking").MlflowClient(uri)
    [experiment] = [each for each in client.search_experiments() if each.name == "exp"]
    return [MlflowRun(run, client) for run in client.search_runs([experiment.experiment_id])]


def main(uri: str, store: str, how: str) -> None:
    from wbart.apis.importers.mlflow import MlflowImporter

    importer = MlflowImporter(mlflow_tracking_uri=uri, store=store)
    runs = guided(uri) if how == "guided" else importer.collect_runs()
    report = importer.import_runs(runs)
    told = {
        "imported": [path.id for path in report.imported],
        "unchanged": [path.id for path in report.unchanged],
        "troubles": report.troubles,
    }
    sys.stdout.write("\n" + json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
