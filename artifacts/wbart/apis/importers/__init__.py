"""Importers: runs that others have recorded become runs of a store; W&B's `apis.importers`.

What each tool wrote is read by a room of its own into `ImportedRun`; `import_runs` stores these.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wbart.apis.importers.importedrun import ImportedArtifact, ImportedRun
    from wbart.apis.importers.importing import import_runs
    from wbart.apis.importers.importreport import ImportReport
    from wbart.apis.importers.mlflow import MlflowImporter, MlflowRun
    from wbart.apis.importers.namespace import Namespace

_HOMES = {
    "ImportReport": "importreport",
    "ImportedArtifact": "importedrun",
    "ImportedRun": "importedrun",
    "MlflowImporter": "mlflow",
    "MlflowRun": "mlflow",
    "Namespace": "namespace",
    "import_runs": "importing",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "ImportReport",
    "ImportedArtifact",
    "ImportedRun",
    "MlflowImporter",
    "MlflowRun",
    "Namespace",
    "import_runs",
]
