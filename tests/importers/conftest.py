"""What the tests of importers share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.artifacts.house import House
from tests.importers.mlflowworld import MlflowStore, write

from wbart.recording.surroundings import enter, leave


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A workspace in tmp_path that is the current one; tmp_path is the working folder."""
    monkeypatch.chdir(tmp_path)
    built = House.build(tmp_path)
    enter(built.workspace)
    yield built
    leave(built.workspace)


@pytest.fixture(scope="session")
def mlflow_database(tmp_path_factory: pytest.TempPathFactory) -> MlflowStore:
    """A database of MLflow's; not to be changed."""
    folder = tmp_path_factory.mktemp("mlflow-database")
    return write(folder, f"sqlite:///{folder}/mlflow.db", f"file://{folder}/artifacts")


@pytest.fixture(scope="session")
def mlflow_folder(tmp_path_factory: pytest.TempPathFactory) -> MlflowStore:
    """An `mlruns` folder of MLflow's; not to be changed."""
    folder = tmp_path_factory.mktemp("mlflow-folder")
    return write(folder, f"file://{folder}/mlruns", "")


@pytest.fixture(params=["mlflow_database", "mlflow_folder"])
def mlflow(request: pytest.FixtureRequest) -> MlflowStore:
    """Each of both."""
    store = request.getfixturevalue(request.param)
    assert isinstance(store, MlflowStore)
    return store
