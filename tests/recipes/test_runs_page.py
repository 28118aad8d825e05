"""W&B's page of Runs, and what the pages of the Run say in their text."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pandas
import polars
import pytest
from tests.artifacts.world import World
from tests.recipes.pages import ran, text

from wbart import calls
from wbart.api import Api
from wbart.apis import public
from wbart.errors import ArgumentInvalid, UnsupportedError


@pytest.fixture
def api(place: World) -> Api:
    """Three runs of a history of their own each."""
    for number in range(3):
        with calls.init(id=f"r{number}", config={"lr": number}) as run:
            for step in range(4):
                run.log({"loss": number * 10 + step, **({"best": 1} if number == 2 else {})})
            run._recorder.store()
    return Api()


@pytest.mark.parametrize(
    ("example", "kind"),
    [("S2-i01", pandas.DataFrame), ("S2-i02", polars.DataFrame), ("S2-i03", list)],
)
def test_histories_come_in_each_format(api: Api, example: str, kind: type[Any]) -> None:
    found = ran(example)["format"]
    histories = api.runs().histories(format=found)

    assert isinstance(histories, kind)
    assert len(histories) == 12
    ids = [row["run_id"] for row in histories] if kind is list else list(histories["run_id"])
    assert ids == ["r0"] * 4 + ["r1"] * 4 + ["r2"] * 4


def test_histories_are_sampled_by_run_and_chosen_by_key(api: Api) -> None:
    runs = api.runs()

    assert [row["loss"] for row in runs.histories(samples=2)] == [0, 3, 10, 13, 20, 23]
    assert {row["run_id"] for row in runs.histories(keys=["best"])} == {"r2"}
    assert set(runs.histories(keys=["best"])[0]) >= {"_step", "best", "run_id"}
    assert "_runtime" in runs.histories(keys=["best"], x_axis="_runtime")[0]
    system = runs.histories(stream="system")
    assert {row["run_id"] for row in system} == {"r0", "r1", "r2"}
    assert "system.memory" in system[0]
    with pytest.raises(ArgumentInvalid):
        runs.histories(format="excel")


def test_a_history_has_the_axis_that_is_asked_for(api: Api) -> None:
    [row, *_] = api.run("r2").history(keys=["best"], x_axis="loss", pandas=False)

    assert row["loss"] == 20
    assert api.run("r0").history(keys=["loss"], x_axis="best", pandas=False) == []


def test_the_length_is_what_len_tells_and_warns_as_wandbs(api: Api) -> None:
    runs = api.runs()

    with pytest.warns(DeprecationWarning, match="length"):
        assert runs.length == 3
    assert len(runs) == 3


def test_runs_are_lazy_until_they_are_upgraded(api: Api) -> None:
    runs = api.runs()
    assert runs.lazy
    runs.upgrade_to_full()
    assert not runs.lazy
    assert runs[2].config == {"lr": 2}
    assert api.runs(lazy=False)[2].config == {"lr": 2}


def test_runs_have_the_arguments_of_the_page(api: Api) -> None:
    made = public.Runs(
        api._workspace, "entity", "project", {"config.lr": {"$gt": 0}}, "-created_at", 1, True, True
    )

    assert [run.id for run in made] == ["r2", "r1"]
    assert (made.entity, made.project, made.order, made.per_page) == (
        "entity", "project", "-created_at", 1,
    )  # fmt: skip


@pytest.mark.parametrize("asked", [True, False])
def test_a_run_of_a_list_knows_its_sweep_whatever_was_asked(api: Api, asked: bool) -> None:
    api.create_run(run_id="swept")._edit({"sweep": "s1"})

    assert [run.sweep_name for run in api.runs(include_sweeps=asked)][-1] == "s1"


def test_what_spoke_to_the_server_says_that_there_is_none(api: Api) -> None:
    """`RetryingClient` and `ServiceApi` are W&B's own; Run and Runs come from an Api."""
    with pytest.raises(UnsupportedError, match=r"api\.client"):
        _ = api.client
    assert isinstance(api.run("r0"), public.Run)
    assert isinstance(api.runs(), public.Runs)


FIELDS = [
    ({"group": "g"}, True),
    ({"host": socket.gethostname()}, True),
    ({"jobType": "train"}, True),
    ({"job_type": "train"}, True),
    ({"state": "finished"}, True),
    ({"tags": "seen"}, True),
    ({"entity": "entity"}, True),
    ({"duration": {"$gte": 0}}, True),
    ({"displayName": "fourth"}, True),
    ({"group": "h"}, False),
    ({"host": "elsewhere"}, False),
    ({"username": "nobody else"}, False),
    ({"entity": "others"}, False),
    ({"duration": {"$gt": 3600}}, False),
]


@pytest.mark.parametrize(("filters", "is_found"), FIELDS, ids=[str(each) for each, _ in FIELDS])
def test_runs_are_found_by_each_field_that_the_page_names(
    api: Api, filters: dict[str, Any], is_found: bool
) -> None:
    calls.init(id="r3", name="fourth", group="g", job_type="train", tags=["seen"]).finish()

    assert ("r3" in [run.id for run in api.runs(filters=filters)]) is is_found
    assert "r3" in [run.id for run in api.runs(filters={"username": api.run("r3").username})]


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({"$and": [{"config.lr": {"$gt": 0}}, {"config.lr": {"$lt": 2}}]}, ["r1"]),
        ({"$or": [{"name": "r0"}, {"name": "r2"}]}, ["r0", "r2"]),
        ({"$nor": [{"name": "r0"}, {"name": "r2"}]}, ["r1"]),
        ({"config.lr": {"$eq": 1}}, ["r1"]),
        ({"config.lr": {"$ne": 1}}, ["r0", "r2"]),
        ({"config.lr": {"$gt": 1}}, ["r2"]),
        ({"config.lr": {"$gte": 1}}, ["r1", "r2"]),
        ({"config.lr": {"$lt": 1}}, ["r0"]),
        ({"config.lr": {"$lte": 1}}, ["r0", "r1"]),
        ({"config.lr": {"$in": [0, 2]}}, ["r0", "r2"]),
        ({"config.lr": {"$nin": [0, 2]}}, ["r1"]),
        ({"summary_metrics.best": {"$exists": True}}, ["r2"]),
        ({"name": {"$regex": "[12]$"}}, ["r1", "r2"]),
    ],
    ids=str,
)
def test_each_operator_of_the_page_finds_runs(
    api: Api, filters: dict[str, Any], ids: list[str]
) -> None:
    assert [run.id for run in api.runs(filters=filters)] == ids


def test_runs_are_ordered_by_their_last_sign_of_life(api: Api) -> None:
    api.run("r0").summary.update({"touched": True})

    assert next(run.id for run in api.runs(order="-heartbeat_at")) == "r0"
    assert [run.id for run in api.runs(order="+heartbeat_at")][-1] == "r0"


# The run.


def test_a_run_is_made_for_a_project(api: Api) -> None:
    made = public.Run.create(api, run_id="new", project="other", entity="team")

    assert (made.path, made.state) == (["team", "other", "new"], "running")
    assert public.Run.create(api).path[:2] == ["entity", "project"]


def test_what_is_loaded_stays_until_it_is_loaded_by_force(api: Api) -> None:
    held = api.run("r0")
    api.run("r0").summary.update({"loss": -1})

    assert held.load().summary["loss"] == 3
    assert held.load(force=True).summary["loss"] == -1


def test_save_is_update(api: Api) -> None:
    run = api.run("r0")
    run.notes = "by save"
    run.save()
    assert api.run("r0").notes == "by save"
    run.notes = "by update"
    run.update()
    assert api.run("r0").notes == "by update"


def test_files_are_those_that_are_named(api: Api) -> None:
    Path("a.txt").write_text("a")
    Path("b.txt").write_text("b")
    run = api.run("r0")
    for name in ("a.txt", "b.txt"):
        assert isinstance(run.upload_file(name), public.File)

    assert isinstance(run.files(), public.Files)
    assert [file.name for file in run.files(names=["b.txt"])] == ["b.txt"]
    assert run.files(per_page=1).per_page == 1
    assert run.files().per_page == 50
    assert run.file("a.txt").name == "a.txt"


def test_rows_are_scanned_from_a_step_to_before_another(api: Api) -> None:
    run = api.run("r1")

    assert [row["_step"] for row in run.scan_history(min_step=1, max_step=3)] == [1, 2]
    assert list(run.scan_history(page_size=1)) == list(run.scan_history())
    assert next(iter(run.scan_history(keys=["loss"]))) == {"loss": 10}


def test_a_version_gets_aliases_and_tags_from_the_run_that_logs_it(api: Api, place: World) -> None:
    with calls.init(id="maker") as live:
        live.log_artifact(place.draft("text"))
    version = api.artifact("data:v0")

    returned = api.run("r0").log_artifact(version, aliases=["good"], tags=["seen"])
    assert returned.qualified_name == version.qualified_name
    found = api.artifact("data:good")
    assert (found.version, found.tags) == ("v0", ["seen"])
    logged = api.run("r0").logged_artifacts(per_page=1)
    assert isinstance(logged, public.RunArtifacts)
    assert [each.name for each in logged] == ["data:v0"]


def test_a_version_is_used_by_a_run_that_is_over(api: Api, place: World) -> None:
    with calls.init(id="maker") as live:
        live.log_artifact(place.draft("text"))

    used = api.run("r0").use_artifact(api.artifact("data:v0"), use_as="train")
    assert used.name == "data:v0"
    assert [each.name for each in api.run("r0").used_artifacts(per_page=1)] == ["data:v0"]
    assert api.run("r0").used_artifacts().per_page == 100


def test_a_deleted_run_takes_its_versions_along_when_told(api: Api, place: World) -> None:
    for name in ("kept", "gone"):
        with calls.init(id=name) as live:
            live.log_artifact(place.draft(name, name))
        api.run(name).delete(delete_artifacts=name == "gone")
    assert (api.artifact_exists("kept:v0"), api.artifact_exists("gone:v0")) == (True, False)
    assert [run.id for run in api.runs()] == ["r0", "r1", "r2"]


def test_names_are_spelled_as_the_server_has_them(api: Api) -> None:
    assert public.Run.snake_to_camel(string="display_name") == "displayName"


def test_a_run_shows_itself_in_notebooks_only(api: Api) -> None:
    run = api.run("r0")

    assert run.display(height=100, hidden=True) is False
    assert "height:100px" in run.to_html(height=100)
    assert "<button" in run.to_html(hidden=True)
    assert "<button" not in run.to_html()
    assert "height:420px" in run.to_html()


def test_waiting_for_a_run_that_is_over_ends_at_once(api: Api) -> None:
    api.create_run(run_id="stopped").stop()
    for id in ("r0", "stopped"):
        run = api.run(id)
        run.wait_until_finished()
        assert run.state in ("finished", "killed")


def test_the_root_is_where_names_begin(api: Api) -> None:
    Path("my_dir").mkdir()
    Path(text("S3-i01")).write_text("text")

    assert api.run("r0").upload_file(text("S3-i01")).name == "my_dir/file.txt"
    assert api.run("r0").upload_file(path=text("S3-i01"), root="my_dir").name == "file.txt"
