"""The rest of the Api's page: projects, runs, paths, launch, reports, people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.artifacts.world import World

from wbart import calls, names
from wbart.api import Api
from wbart.apis import public
from wbart.errors import (
    ArgumentInvalid,
    CommError,
    Conflict,
    Error,
    NotFound,
    ProjectNotFound,
    RunNotFound,
    SettingInvalid,
    TypeClash,
    UnsupportedError,
)
from wbart.kept.reports import BetaReport
from wbart.version import TOOL


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.settings = replace(world.settings, config_dir=tmp_path / "config", stats=False)
    yield world
    calls.finish()


@pytest.fixture
def api(world: World) -> Api:
    return Api(settings=world.settings)


# Projects and runs.


def test_a_project_is_made_before_anything_is_in_it(api: Api) -> None:
    api.create_project("empty", "team")
    api.create_project("empty", "team")

    assert [each.name for each in api.projects("team")] == ["empty"]
    assert list(api.artifact_types("team/empty")) == []
    assert len(api.runs("team/empty")) == 0
    assert list(api.runs("team/empty")) == []
    with pytest.raises(ProjectNotFound):
        list(api.runs("team/none"))


def test_a_run_is_made_from_outside(api: Api) -> None:
    run = api.create_run(run_id="made", project="p2", entity="team")

    assert (run.path, run.state) == (["team", "p2", "made"], "running")
    assert api.run("team/p2/made") == run
    with pytest.raises(Conflict, match="there is a run team/p2/made"):
        api.create_run(run_id="made", project="p2", entity="team")
    assert len(api.create_run(project="p2").id) == 8


def test_runs_are_read_anew_each_time(world: World, api: Api) -> None:
    with world.run(id="r1", tags=["x"]):
        assert api.run("r1").state == "running"
    assert api.run("ent/proj/runs/r1").state == "finished"
    assert [run.id for run in api.runs("ent/proj", {"tags": "x"})] == ["r1"]
    world.run(id="r2", tags=["x"]).finish()

    assert [run.id for run in api.runs("ent/proj", {"tags": "x"}, "-created_at")] == ["r2", "r1"]
    api.flush()
    assert len(api.runs(lazy=False)) == 2


def test_bad_filters_and_orders_are_both_errors_that_are_promised(api: Api) -> None:
    with pytest.raises(CommError) as caught:
        api.runs("ent/proj", {"$nothing": 1})
    assert isinstance(caught.value, ValueError)


# Paths.


def test_every_kind_of_path_leads_somewhere(world: World, api: Api) -> None:
    world.run(id="r1").finish()
    report = BetaReport.create(api, "My Report")

    assert api.from_path("other").id == "ent/other"
    assert api.from_path("/team/other ").id == "team/other"
    assert api.from_path("ent/proj/r1").id == "r1"
    assert api.from_path("ent/proj/runs/r1").id == "r1"
    for end in (report.name, report.id, f"My-Report-{report.id}", f"Renamed--{report.id}"):
        assert api.from_path(f"ent/proj/reports/{end}").id == report.id


@pytest.mark.parametrize(
    ("path", "error", "words"),
    [
        ("", Error, "Invalid path, should be TEAM/PROJECT/TYPE/ID"),
        ("a//b", Error, "Invalid path"),
        ("a/b/c/d/e", Error, "Invalid path"),
        ("ent/proj/things/x", Error, "Invalid path"),
        ("ent/proj/reports/My-Report-Vm11dsdf", Error, "Invalid report path"),
        ("ent/proj/reports/My-Report--Vm11dsdf", NotFound, "Could not find report 'Vm11dsdf'"),
        ("ent/proj/runs/none", RunNotFound, "Could not find run ent/proj/none"),
        ("ent/proj/sweeps/none", NotFound, "Could not find sweep ent/proj/none"),
    ],
)
def test_a_path_to_nothing_is_an_error_of_the_tree(
    api: Api, path: str, error: type[Error], words: str
) -> None:
    with pytest.raises(error, match=words):
        api.from_path(path)


# Reports.


def test_reports_are_listed_and_shown_without_a_server(world: World, api: Api) -> None:
    blocks = {"blocks": [{"type": "paragraph", "text": "<b>so</b>"}, {"type": "panel", "n": 1}]}
    first = BetaReport.create(api, "First & best", "About x", blocks)
    second = BetaReport.create(api, "Second")

    assert [each.id for each in api.reports("ent/proj")] == [first.id, second.id]
    assert [each.id for each in api.reports("proj", name="Second")] == [second.id]
    assert [each.title for each in api.reports()] == ["First & best", "Second"]
    page = api.reports()[0].to_html()
    assert "First &amp; best" in page
    assert "&lt;b&gt;so&lt;/b&gt;" in page
    assert "&quot;panel&quot;" in page
    assert (first.description, first.spec, first.url) == ("About x", blocks, "")
    assert first.user == api.viewer
    second.delete()
    assert len(api.reports("ent/proj")) == 1
    with pytest.raises(ValueError, match="needs a title"):
        BetaReport.create(api, " ")


# Launching.

VARIABLES = {"lr": {"schema": {"type": "number", "default": 0.1, "minimum": 0, "maximum": 1}}}


def test_a_queue_is_kept_as_it_was_said(api: Api) -> None:
    made = api.create_run_queue(
        "q", "kubernetes", prioritization_mode="v0", config={"image": "x:{{lr}}"},
        template_variables=VARIABLES,
    )  # fmt: skip

    found = api.run_queue("ent", "q")
    assert found.id == made.id == "ent/q"
    assert (found.type, found.prioritization_mode, found.access) == ("kubernetes", "V0", "PROJECT")
    assert found.default_resource_config == {"image": "x:{{lr}}"}
    assert found.template_variables == VARIABLES
    assert found.items == []
    with pytest.raises(Conflict, match="there is a run queue 'q'"):
        api.create_run_queue("q", "kubernetes")


def test_upserting_makes_or_changes_a_queue_and_deleting_ends_it(api: Api) -> None:
    api.upsert_run_queue("q", {"a": 1}, "local-process")
    api.upsert_run_queue("q", {"a": 2}, "local-container", external_links={"docs": "http://x"})

    found = api.run_queue(None, "q")
    assert (found.type, found.default_resource_config) == ("local-container", {"a": 2})
    assert found.external_links == {"docs": "http://x"}
    found.delete()
    with pytest.raises(NotFound, match="Could not find run queue 'q' of entity 'ent'"):
        api.run_queue("ent", "q")
    assert api.create_run_queue("q", "sagemaker").default_resource_config == {}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"name": ""}, "name must be non-empty"),
        ({"name": "q" * 65}, "less than 64"),
        ({"type": "laptop"}, "resource_type must be one of 'local-container'"),
        ({"prioritization_mode": "V1"}, "must be 'V0' if present"),
        ({"config": "text"}, "config must be a dict"),
        ({"template_variables": {"x": {}}}, "'x' needs a schema"),
        ({"template_variables": {"x": {"schema": {"type": "date"}}}}, "has a type"),
        ({"template_variables": {"x": {"schema": {"type": "string", "a": 1}}}}, "has a type"),
        (
            {"template_variables": {"x": {"schema": {"type": "integer", "default": 0.5}}}},
            "0.5 in template variable 'x' is no integer",
        ),
        (
            {"template_variables": {"x": {"schema": {"type": "string", "enum": "abc"}}}},
            "enum of template variable 'x' must be a list",
        ),
    ],
)
def test_a_queue_that_w_and_b_refuses_is_refused(
    api: Api, said: dict[str, Any], words: str
) -> None:
    given: dict[str, Any] = {"name": "q", "type": "kubernetes", **said}
    with pytest.raises(CommError, match=words) as caught:
        api.create_run_queue(**given)

    assert isinstance(caught.value, ValueError | TypeError)
    with pytest.raises(CommError):
        api.run_queue("ent", given["name"])


def test_what_needs_an_agent_says_so(api: Api) -> None:
    api.create_run_queue("q", "kubernetes")

    with pytest.raises(UnsupportedError, match=r"queue 'q' holds no run 'item'.*launch agent"):
        api.queued_run("ent", "proj", "q", "item")
    with pytest.raises(NotFound):
        api.queued_run("ent", "proj", "none", "item")
    with pytest.raises(UnsupportedError, match="W&B's server"):
        api.client  # noqa: B018


def test_jobs_are_read_and_not_run(
    world: World, api: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(names, "is_reserved", lambda type_, name=None: False)
    with world.run() as run:
        draft = world.draft("unused", "job-train", "job")
        draft.add_file(world.file("wandb-job.json", json.dumps({"source": "git"})))
        run.log_artifact(draft)
        run.log_artifact(world.draft("text"))

    job = api.job("ent/proj/job-train:latest", str(tmp_path / "job"))
    assert job.name == "ent/proj/job-train:v0"
    assert job.source == {"source": "git"}
    assert (tmp_path / "job" / "wandb-job.json").exists()
    [listed] = api.list_jobs("ent", "proj")
    [version] = listed["artifacts"]["edges"]
    assert version["node"]["aliases"] == [{"alias": "latest"}]
    assert version["node"]["artifactSequence"] == {"name": "job-train"}
    with pytest.raises(UnsupportedError, match="launch agent"):
        job.call(config={})
    with pytest.raises(TypeClash):
        api.job("data")
    with pytest.raises(ValueError, match="specify name"):
        api.job(None)
    assert api.list_jobs("ent", "none") == []


# People.


def test_without_a_file_there_is_whoever_is_logged_in(api: Api) -> None:
    me = api.viewer

    assert me.username == api._workspace.actor
    assert api.user(me.username) == me
    assert api.user("nobody") is None
    assert api.users(me.username[:2]) == [me]


def test_users_and_teams_are_kept_in_the_user_s_file(world: World, api: Api) -> None:
    ann = api.create_user("ann@example.com", admin=True)
    api.create_user("bob@example.com")
    api.create_team("painters", "ann")
    api.create_team("mine")

    again = Api(settings=world.settings)
    found = again.user("ann@example.com")
    assert ann.username == "ann"
    assert found is not None
    assert (found.username, found.admin, found.teams) == ("ann", True, ("painters",))
    assert [each.username for each in again.users("EXAMPLE.com")] == ["ann", "bob"]
    assert [each.account_type for each in again.team("painters").members] == ["ADMIN"]
    assert again.viewer.teams == ("mine",)
    assert [path.name for path in (world.folder / "config").glob("[!.]*")] == ["people.json"]


def test_the_file_may_name_the_viewer_and_keeps_what_it_does_not_know(
    world: World, api: Api
) -> None:
    path = world.folder / "config" / "people.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"me": "cy", "users": [{"username": "cy", "email": "c@d"}], "z": 1}))

    api.create_team("t")

    assert (api.viewer.username, api.viewer.email) == ("cy", "c@d")
    assert json.loads(path.read_text())["z"] == 1
    assert json.loads(path.read_text())["me"] == "cy"


def test_a_person_twice_or_no_person_is_refused_and_nothing_changes(world: World, api: Api) -> None:
    api.create_user("ann@example.com")
    before = (world.folder / "config" / "people.json").read_text()

    for email in ("ann@example.com", "ann@elsewhere.org", "ann", ""):
        with pytest.raises(ArgumentInvalid):
            api.create_user(email)
    with pytest.raises(NotFound, match="Could not find user 'nobody'"):
        api.create_team("t", "nobody")
    with pytest.raises(NotFound, match="Could not find team 't'"):
        api.team("t")

    assert (world.folder / "config" / "people.json").read_text() == before


@pytest.mark.parametrize("text", ["{", "[]", '{"users": [{}]}', '{"teams": [{"name": 1, "x": 2}'])
def test_a_file_that_is_none_is_told_by_its_path(world: World, api: Api, text: str) -> None:
    path = world.folder / "config" / "people.json"
    path.parent.mkdir()
    path.write_text(text)

    with pytest.raises(SettingInvalid, match=r"cannot read .*people\.json"):
        api.user("ann")
    with pytest.raises(SettingInvalid):
        api.create_user("ann@example.com")
    assert path.read_text() == text


def test_servers_things_of_people_say_so(api: Api) -> None:
    api.create_team("t")

    with pytest.raises(UnsupportedError):
        api.team("t").invite("ann")
    with pytest.raises(UnsupportedError):
        api.viewer.generate_api_key()
    assert api.viewer.api_keys == []


# The module.


def test_the_public_module_has_the_classes_that_the_api_gives(world: World, api: Api) -> None:
    world.run(id="r1").finish()

    assert isinstance(api.run("r1"), public.Run)
    assert isinstance(api.runs(), public.Runs)
    assert isinstance(api.projects(), public.Projects)
    assert isinstance(api.viewer, public.User)
    assert public.__all__ == sorted(public.__all__)
    assert (api.user_agent, api.api_key) == (TOOL, None)
