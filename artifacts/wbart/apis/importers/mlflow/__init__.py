"""MLflow: runs and models of a database, a folder or a server become runs and versions of ours.

A SQLite database and an `mlruns` folder are read as they lie, without MLflow; a server, Databricks
and other databases are asked through the `mlflow` client, where it is installed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wbart.apis.importers.mlflow.importer import MlflowImporter
    from wbart.apis.importers.mlflow.mlflowrun import MlflowRun
    from wbart.apis.importers.namespace import Namespace

_HOMES = {
    "MlflowImporter": "wbart.apis.importers.mlflow.importer",
    "MlflowRun": "wbart.apis.importers.mlflow.mlflowrun",
    "Namespace": "wbart.apis.importers.namespace",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["MlflowImporter", "MlflowRun", "Namespace"]
