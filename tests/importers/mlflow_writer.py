"""What the real MLflow writes for the tests. Runs in its own environment, not in ours.

Arguments: a tracking URI, a folder for artifacts (empty: MLflow's own choice), and how many runs.
Writes the ids of the runs by name to stdout, as JSON.
"""

from __future__ import annotations

import json
import math
import os
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"

entities = import_module("mlflow.entities")
MlflowClient: Any = import_module("mlflow.tracking").MlflowClient


def begin(client: Any, experiment: str, name: str, **tags: str) -> str:
    """A run, with the tags that MLflow's fluent functions give."""
    said = {"mlflow.user": "bob", "mlflow.source.name": "train.py", **tags}
    return str(client.create_run(experiment, run_name=name, tags=said).info.run_id)


def model_files(folder: str) -> str:
    Path(folder, "MLmodel").write_text("flavors: {}\n")
    Path(folder, "weights.bin").write_bytes(os.urandom(64))
    return folder


def train(client: Any, experiment: str) -> str:
    """A run with something of everything."""
    run = begin(
        client,
        experiment,
        "first try/1",
        team="vision",
        **{"mlflow.note.content": "a *note*"},
        **{"mlflow.source.git.commit": "c0ffee", "mlflow.source.git.repoURL": "https://u:p@h/r"},
    )
    for name, value in (("rate", 0.1), ("optimizer", "adam"), ("empty", "")):
        client.log_param(run, name, value)
    at = client.get_run(run).info.start_time
    for step in range(3):
        client.log_metric(run, "loss", 1 / (step + 1), timestamp=at + 10 * step, step=step)
        client.log_metric(run, "eval/acc", step / 10, timestamp=at + 10 * step + 5, step=step)
    client.log_metric(run, "nan", math.nan, timestamp=at + 11, step=1)
    client.log_metric(run, "top", math.inf, timestamp=at + 12, step=1)
    client.log_metric(run, "low", -math.inf, timestamp=at + 1, step=-5)
    client.log_metric(run, "loss", 0.9, timestamp=at + 40, step=2)
    for number in range(3):
        client.log_metric(run, "system/cpu", 10 * number, timestamp=at + number, step=number)
    dataset = entities.Dataset(
        "wine", "abc123", "http", '{"url": "http://x/y.csv"}', '{"a": 1}', '{"n": 3}'
    )
    client.log_inputs(
        run,
        [entities.DatasetInput(dataset, [entities.InputTag("mlflow.data.context", "training")])],
    )
    client.log_text(run, "hello", "sub/a.txt")
    client.set_terminated(run, "FINISHED", end_time=at + 60_000)
    return run


def register(client: Any, run: str) -> None:
    """Two versions of a model, from the run's artifacts."""
    client.create_registered_model("churn", description="who leaves")
    for number in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            client.log_artifacts(run, model_files(folder), f"model{number}")
        uri = f"{client.get_run(run).info.artifact_uri}/model{number}"
        client.create_model_version("churn", uri, run, description=f"number {number}")
    client.set_registered_model_alias("churn", "champion", 1)
    client.set_model_version_tag("churn", "1", "checked", "yes")


def logged_model(client: Any, experiment: str, run: str) -> None:
    """A model as MLflow 3 logs it: beside its run."""
    model = client.create_logged_model(experiment, name="net", source_run_id=run)
    with tempfile.TemporaryDirectory() as folder:
        client.log_model_artifacts(model.model_id, model_files(folder))
    client.finalize_logged_model(model.model_id, "READY")
    client.log_outputs(run, [entities.LoggedModelOutput(model.model_id, step=0)])
    client.create_model_version("churn", f"models:/{model.model_id}", run, model_id=model.model_id)


def many(client: Any, count: int) -> list[str]:
    """Small runs, some metrics each."""
    experiment = client.create_experiment("many")
    ids = []
    for number in range(count):
        run = client.create_run(experiment, run_name=f"n{number}").info.run_id
        metrics = [
            entities.Metric("loss", 1 / (step + 1), 1_700_000_000_000 + step, step)
            for step in range(5)
        ]
        client.log_batch(run, metrics, [entities.Param("number", str(number))])
        client.set_terminated(run)
        ids.append(run)
    return ids


def main(uri: str, root: str, count: int) -> None:
    client = MlflowClient(uri)
    if count:
        sys.stdout.write(json.dumps(many(client, count)))
        return
    experiment = client.create_experiment("exp", artifact_location=root or None)
    made = {"train": train(client, experiment)}
    made["child"] = begin(client, experiment, "child", **{"mlflow.parentRunId": made["train"]})
    client.set_terminated(made["child"], "FAILED")
    made["model"] = begin(client, experiment, "model run")
    register(client, made["model"])
    logged_model(client, experiment, made["model"])
    client.set_terminated(made["model"])
    made["gone"] = begin(client, experiment, "gone")
    client.set_terminated(made["gone"], "KILLED")
    client.delete_run(made["gone"])
    made["alive"] = begin(client, experiment, "alive")
    made["again"] = begin(client, experiment, "first try/1")
    client.log_text(made["again"], "bye", "sub/a.txt")
    client.set_terminated(made["again"])
    sys.stdout.write(json.dumps({"experiment": experiment, **made}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
