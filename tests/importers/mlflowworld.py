"""Stores that the real MLflow wrote, in its own environment, and what is known of them."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.peers.home import python_of

_WRITER = Path(__file__).with_name("mlflow_writer.py")


@dataclass(frozen=True)
class MlflowStore:
    """A store in a folder of its own, and the ids of its runs by what they are."""

    folder: Path
    uri: str
    ids: dict[str, str]

    @property
    def database(self) -> Path:
        return self.folder / "mlflow.db"

    def copied(self, folder: Path) -> MlflowStore:
        """The same somewhere else: it can be changed, and its own URIs lead to the old place."""
        shutil.copytree(self.folder, folder)
        return MlflowStore(folder, self.uri.replace(str(self.folder), str(folder)), self.ids)

    def say(self, statement: str, *values: object) -> None:
        """Change its database."""
        with closing(sqlite3.connect(self.database)) as database, database:
            database.execute(statement, values)


def write(folder: Path, uri: str, root: str) -> MlflowStore:
    """Let MLflow write a store there."""
    folder.mkdir(parents=True, exist_ok=True)
    said = _run(folder, uri, root, "0")
    return MlflowStore(folder, uri, json.loads(said))


def write_many(folder: Path, count: int, copies: int) -> MlflowStore:
    """A database with so many runs of MLflow's, and more that are copies of these."""
    folder.mkdir(parents=True, exist_ok=True)
    uri = f"sqlite:///{folder}/mlflow.db"
    ids: list[str] = json.loads(_run(folder, uri, "", str(count)))
    store = MlflowStore(folder, uri, {id_: id_ for id_ in ids})
    columns = {
        "runs": "name, source_type, user_id, status, start_time, end_time, lifecycle_stage, "
        "artifact_uri, experiment_id",
        "metrics": "key, value, timestamp, step, is_nan",
        "params": "key, value",
        "tags": "key, value",
    }
    with closing(sqlite3.connect(store.database)) as database, database:
        for copy in range(1, copies):
            for table, names in columns.items():
                database.execute(
                    f"INSERT INTO {table} (run_uuid, {names}) "
                    f"SELECT substr(run_uuid, 1, 28) || ?, {names} FROM {table} "
                    "WHERE run_uuid NOT LIKE '%x___'",
                    (f"x{copy:03}",),
                )
    return store


def _run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [str(python_of("mlflow")), str(_WRITER), *arguments],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]
