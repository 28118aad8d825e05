"""A real tracking server, asked through MLflow's own client."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.artifacts.house import House
from tests.importers.mlflowworld import MlflowStore, write
from tests.peers.home import python_of
from tests.servers.server import free_ports, running

from wbart.api import Api

PROJECT = "imported-from-mlflow"
_READER = Path(__file__).with_name("mlflow_reader.py")
_ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowStore]:
    """A server that keeps the artifacts for its clients, as it does unless told otherwise."""
    folder = tmp_path_factory.mktemp("mlflow-server")
    [port] = free_ports(1)
    command = [
        *(str(python_of("mlflow")), "-m", "mlflow", "server", "--host", "127.0.0.1"),
        *("--port", str(port), "--workers", "1", "--backend-store-uri", f"sqlite:///{folder}/db"),
        *("--artifacts-destination", str(folder / "artifacts")),
    ]
    url = f"http://127.0.0.1:{port}"
    environ = {"HOME": str(folder), "PATH": f"{python_of('mlflow').parent}:/usr/bin:/bin"}
    with running(command, folder / "log", f"{url}/health", environ):
        yield write(folder / "client", url, "")


def taken(uri: str, house: House, how: str = "", **more: str) -> dict[str, Any]:
    """What an import in MLflow's environment says; wbart's own packages come after MLflow's."""
    wings = os.pathsep.join(str(_ROOT / wing) for wing in ("artifacts", "storage", "manifest"))
    script = (
        f"import sys, runpy; sys.path.append({sysconfig.get_paths()['purelib']!r})\n"
        f"sys.argv = {['', uri, str(house.store), how]!r}\n"
        f"runpy.run_path({str(_READER)!r}, run_name='__main__')"
    )
    environ = {
        "PATH": os.environ["PATH"], "HOME": str(house.folder), "PYTHONPATH": wings,
        "WBART_CACHE_DIR": str(house.folder / "cache2"), "WBART_ENTITY": "ann", **more,
    }  # fmt: skip
    done = subprocess.run(
        [str(python_of("mlflow")), "-c", script],
        cwd=house.folder,
        env=environ,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_server_gives_what_a_database_gives(house: House, server: MlflowStore) -> None:
    told = taken(server.uri, house)

    assert told["troubles"] == []
    assert len(told["imported"]) == 6
    api = Api._within(house.workspace)
    run = api.run(f"{PROJECT}/{server.ids['train']}")
    assert (run.name, run.state, run.commit) == ("first try/1", "finished", "c0ffee")
    assert run.config["rate"] == "0.1"
    rows = [row for row in run.scan_history() if "loss" in row]
    assert [row["loss"] for row in rows] == [1.0, 0.5, 1 / 3, 0.9]
    assert (rows[1]["nan"], rows[1]["top"]) == ("NaN", "Infinity")
    (files,) = run.logged_artifacts()
    assert Path(files.download(str(house.folder / "down")), "sub/a.txt").read_text() == "hello"
    (dataset,) = run.used_artifacts()
    assert dataset.name == "dataset-wine:v0"
    champion = api.artifact("model-registry/churn:champion")
    assert champion.source_artifact.name == "model-churn:v0"
    last = api.artifact(f"{PROJECT}/model-churn:mlflow-v3")
    assert sorted(file.name for file in last.files()) == ["MLmodel", "weights.bin"]
    assert api.run(f"{PROJECT}/{server.ids['gone']}").state == "killed"
    assert run.config["imported_mlflow_experiment"] == "exp"
    assert dict(run.config)["imported_mlflow_tags"] == {"team": "vision"}


def test_a_server_asked_again_has_nothing_new(house: House, server: MlflowStore) -> None:
    taken(server.uri, house)

    assert len(taken(server.uri, house)["unchanged"]) == 6


def test_runs_that_mlflow_found_can_be_given(house: House, server: MlflowStore) -> None:
    told = taken(server.uri, house, "guided")

    active = {id_ for name, id_ in server.ids.items() if name not in ("gone", "experiment")}
    assert set(told["imported"]) == active
    assert told["troubles"] == []
    assert house.workspace.catalog.exists("ann", PROJECT, "model-churn")


def test_a_server_that_is_not_there_is_told_in_a_line(house: House) -> None:
    [port] = free_ports(1)

    with pytest.raises(AssertionError, match=r"CommError: MLflow at http://127.0.0.1:\d+: "):
        taken(f"http://127.0.0.1:{port}", house, MLFLOW_HTTP_REQUEST_MAX_RETRIES="0")
