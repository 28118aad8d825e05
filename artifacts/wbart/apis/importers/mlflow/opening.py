"""From a tracking URI to the store that it names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from wbart.apis.importers.mlflow.database import Database
from wbart.apis.importers.mlflow.folder import Folder
from wbart.apis.importers.mlflow.server import Server
from wbart.apis.importers.mlflow.tracking import Tracking
from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid, NotFound

_DATABASE = "mlflow.db"
_FOLDER = "mlruns"


def open_tracking(uri: Any, registry_uri: str | None = None) -> Tracking:
    """The store at a URI of MLflow's, or at a path: `sqlite:///mlflow.db`, `mlruns`, `http://…`.

    A folder that has `mlflow.db` or `mlruns` in it stands for that. Raises NotFound, and
    UsageError for what needs the `mlflow` client where that is not installed.
    """
    if not isinstance(uri, str | os.PathLike):
        raise ArgumentTypeInvalid(f"a tracking URI is a text, not {type(uri).__name__}")
    text = os.fspath(uri).strip()
    if not text:
        raise ArgumentInvalid("a tracking URI must not be empty")
    parts = urlsplit(text)
    scheme = parts.scheme.lower()
    if scheme.partition("+")[0] == "sqlite":
        # As SQLAlchemy has it: after three slashes comes the path, absolute with a fourth.
        return Database(Path(unquote(parts.path.removeprefix("/"))))
    if scheme == "file":
        return _at(Path(unquote(parts.path)), text)
    if not scheme and (not text.startswith("databricks") or Path(text).exists()):
        return _at(Path(text), text)
    return Server.open(text, registry_uri)


def _at(path: Path, text: str) -> Tracking:
    if path.is_file():
        return Database(path)
    if not path.is_dir():
        raise NotFound(f"no tracking store of MLflow's at {text}: no such file or folder")
    if (path / _DATABASE).is_file():
        return Database(path / _DATABASE)
    inside = path / _FOLDER
    return Folder(inside if inside.is_dir() else path)
