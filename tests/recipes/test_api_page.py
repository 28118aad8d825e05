"""The recipes of W&B's page of the Api, as they are written there, on a project that fits them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.artifacts.world import World

from wbart import calls
from wbart.api import Api
from wbart.reports import BetaReport
from wbart.sweeps.agent import sweep

PROJECT = "my_entity/my_project"


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """Three runs with nested configs and summaries, in the store that the surroundings name."""
    for name, value in {
        "WBART_STORE": str(tmp_path / "store"),
        "WBART_CACHE_DIR": str(tmp_path / "cache"),
        "WBART_DATA_DIR": str(tmp_path / "data"),
        "WBART_CONFIG_DIR": str(tmp_path / "config"),
        "WBART_ENTITY": "my_entity",
        "WBART_PROJECT": "my_project",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("foo", "bar", "baz")):
        config = {"experiment_name": name, "experiment": {"category": ["testing", "x"][number % 2]}}
        with calls.init(id=f"run-{name}", name=f"{name}-run", config=config) as run:
            run.log({"model1": {"loss": 0.5 + number}, "loss": 3 - number})
    yield Api()
    calls.finish()


def ran(recipe: str) -> dict[str, Any]:
    variables: dict[str, Any] = {}
    exec("import wbart as wandb\napi = wandb.Api()\n" + textwrap.dedent(recipe), variables)
    return variables


@pytest.mark.parametrize(
    ("recipe", "found"),
    [
        ('filters={"config.experiment_name": "foo"}', ["foo"]),
        (
            """filters={
                "$or": [
                    {"config.experiment_name": "foo"},
                    {"config.experiment_name": "bar"},
                ]
            }""",
            ["foo", "bar"],
        ),
        ('filters={"config.experiment_name": {"$regex": "b.*"}}', ["bar", "baz"]),
        ('filters={"display_name": {"$regex": "^foo.*"}}', ["foo"]),
        ('filters={"config.experiment.category": "testing"}', ["foo", "baz"]),
        ('filters={"summary_metrics.model1.loss": 0.5}', ["foo"]),
        ('order="+summary_metrics.loss"', ["baz", "bar", "foo"]),
    ],
)
def test_runs_are_found(api: Api, recipe: str, found: list[str]) -> None:
    runs = ran(f'runs = api.runs(path="{PROJECT}", {recipe})')["runs"]

    assert [run.id for run in runs] == [f"run-{name}" for name in found]


def test_paths_lead_to_things(api: Api) -> None:
    config = {"method": "grid", "parameters": {"x": {"value": 1}}}
    searched = sweep(config)
    written = BetaReport.create(api, "My Report")

    found = ran(
        f"""
        project = api.from_path("my_project")
        team_project = api.from_path("my_team/my_project")
        run = api.from_path("{PROJECT}/runs/run-foo")
        sweep = api.from_path("{PROJECT}/sweeps/{searched}")
        report = api.from_path("{PROJECT}/reports/My-Report-{written.id}")
        """
    )

    assert (found["project"].id, found["team_project"].id) == (PROJECT, "my_team/my_project")
    assert (found["run"].name, found["sweep"].id) == ("foo-run", searched)
    assert found["report"].title == "My Report"


def test_registries_are_searched(api: Api, tmp_path: Path) -> None:
    world = World(tmp_path)
    api.create_registry("model")
    with calls.init() as run:
        draft = run.log_artifact(world.draft("weights", "net", "model"))
        linked = run.link_artifact(draft, "wandb-registry-model/my_collection", aliases=["best"])
        assert linked is not None

    found = ran(
        """
        registries = api.registries(filter={"name": {"$regex": "model"}})
        versions = api.registries().collections(
            filter={"name": {"$regex": "my_collection"}}
        ).versions(filter={"alias": "best"})
        either = api.registries(filter={"name": {"$regex": "model"}}).versions(
            filter={"$or": [{"tag": "prod"}, {"alias": "best"}]}
        )
        """
    )

    assert [each.name for each in found["registries"]] == ["model"]
    assert [each.name for each in found["versions"]] == ["my_collection:v0"]
    assert [each.name for each in found["either"]] == ["my_collection:v0"]
