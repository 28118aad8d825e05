"""The examples on W&B's page of the Api, as they are written there, in a store that fits them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.artifacts.world import World
from tests.importers.tensorboardfiles import event, log_dir, scalar
from tests.recipes.pages import ran, text

from wbart import calls
from wbart.api import Api
from wbart.errors import ArgumentInvalid, UnsupportedError
from wbart.kept.reports import BetaReport
from wbart.sweeps.agent import sweep

HERE = ("my_entity", "my_project")


@pytest.fixture
def api(place: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """Three runs with nested configs and summaries."""
    monkeypatch.setenv("WBART_ENTITY", HERE[0])
    monkeypatch.setenv("WBART_PROJECT", HERE[1])
    for number, name in enumerate(("foo", "bar", "baz")):
        config = {"experiment_name": name, "experiment": {"category": ["testing", "x"][number % 2]}}
        with calls.init(id=f"run-{name}", name=f"{name}-run", config=config) as run:
            run.log({"model1": {"loss": 0.5 + number}, "loss": 3 - number})
    yield Api()
    calls.finish()


def test_an_api_is_made_without_a_word(api: Api) -> None:
    made = ran("S0-02")["_"]

    assert isinstance(made, Api)
    assert made.default_entity == "my_entity"
    assert made.settings["project"] == "my_project"


def test_a_base_url_is_kept_and_asked_for_nothing(api: Api) -> None:
    told = Api(overrides={"base_url": "https://127.0.0.1:1"}, timeout=1)

    assert told.settings["base_url"] == "https://127.0.0.1:1"
    assert told.run("run-foo").name == "foo-run"


def test_the_run_of_the_overrides_is_the_one_without_a_path(api: Api) -> None:
    assert Api({"run": "run-bar"}).run().name == "bar-run"


def test_a_project_is_made_where_the_defaults_say(api: Api) -> None:
    api.create_project("fresh")
    api.create_project("theirs", entity="team")

    assert [each.name for each in api.projects()] == ["fresh", "my_project"]
    assert [each.name for each in api.projects(entity="team")] == ["theirs"]
    assert api.project("fresh").id == "my_entity/fresh"
    assert api.project(name="theirs", entity="team").id == "team/theirs"


def test_a_folder_of_tensorboard_becomes_a_run(api: Api, tmp_path: Path) -> None:
    rows = [event(step, scalar("loss", 1 / (step + 1))) for step in range(3)]
    log_dir(tmp_path / "logs" / "train", *rows)

    run = api.sync_tensorboard(tmp_path / "logs", run_id="tb", project="boards", entity="team")
    assert run.path == ["team", "boards", "tb"]
    assert [row["_step"] for row in run.scan_history()] == [0, 1, 2]
    assert api.sync_tensorboard(tmp_path / "logs").path[:2] == list(HERE)


# Runs.


@pytest.mark.parametrize(
    ("recipe", "found"),
    [
        ("S0-31", ["foo"]),
        ("S0-32", ["foo", "bar"]),
        ("S0-33", ["bar", "baz"]),
        ("S0-34", ["foo"]),
        ("S0-35", ["foo", "baz"]),
        ("S0-36", ["foo"]),
        ("S0-37", ["baz", "bar", "foo"]),
    ],
)
def test_runs_are_found(api: Api, recipe: str, found: list[str]) -> None:
    runs = ran(recipe, api=api)["_"]

    assert [run.id for run in runs] == [f"run-{name}" for name in found]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (ran("S0-i03")["_"], ["run-foo"]),
        ({text("S0-i04").split(", ")[0]: "bar"}, ["run-bar"]),
        ({text("S0-i04").split(", ")[1]: {"$lt": 2}}, ["run-baz"]),
        ({"createdAt": {"$gt": text("S0-i05")}}, ["run-foo", "run-bar", "run-baz", "a1b2cdef"]),
        ({"createdAt": {"$lt": text("S0-i05")}}, []),
        ({"displayName": text("S0-i06")}, ["a1b2cdef"]),
        ({"name": text("S0-i07")}, ["a1b2cdef"]),
    ],
)
def test_fields_are_asked_for_as_the_page_spells_them(
    api: Api, filters: dict[str, Any], found: list[str]
) -> None:
    calls.init(id=text("S0-i07"), name=text("S0-i06")).finish()

    assert [run.id for run in api.runs(filters=filters)] == found


@pytest.mark.parametrize("shortened", [0, 1, 2])
def test_a_run_is_found_by_as_much_of_its_path_as_is_needed(api: Api, shortened: int) -> None:
    parts = text("S0-i14").split("/")
    path = dict(zip(parts, (*HERE, "run-foo"), strict=True))

    assert api.run("/".join(path[part] for part in parts[shortened:])).name == "foo-run"


@pytest.mark.parametrize("shortened", [0, 1, 2])
def test_a_sweep_is_found_by_as_much_of_its_path_as_is_needed(api: Api, shortened: int) -> None:
    searched = sweep({"method": "grid", "parameters": {"x": {"value": 1}}})
    parts = text("S0-i15").split("/")
    path = dict(zip(parts, (*HERE, searched), strict=True))

    assert api.sweep("/".join(path[part] for part in parts[shortened:])).id == searched


@pytest.mark.parametrize("recipe", ["S0-53", "S3-13"])
def test_all_losses_are_exported(api: Api, recipe: str) -> None:
    with calls.init(id="i0wt6xua", entity="l2k2", project="examples-numpy-boston") as run:
        for step in range(3):
            run.log({"Loss": 3 - step, **({"seldom": 1} if step else {})})

    assert ran(recipe, api=api)["losses"] == [3, 2, 1]


@pytest.mark.parametrize("example", ["S0-i17", "S3-i01"])
def test_a_file_is_uploaded_below_its_root(
    api: Api, example: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(text(example))
    path.parent.mkdir()
    path.write_text("text")
    monkeypatch.chdir(path.parent)

    assert api.run("run-foo").upload_file("file.txt", root="../").name == text(example)


def test_what_is_asked_is_fresh_and_flush_is_kept(api: Api) -> None:
    before = api.run("run-foo")
    before.summary.update({"loss": 9})

    assert ran("S0-i12", api=api)["_"] is None
    assert api.run("run-foo").summary["loss"] == 9


# Artifacts.


def test_a_version_is_named_by_number_or_alias(api: Api) -> None:
    world = World(Path.cwd())
    with calls.init() as run:
        run.log_artifact(world.draft("text", "data"), aliases=["best"])
    for example, said in (("S0-i01", {"version": "v0"}), ("S0-i02", {"alias": "best"})):
        name, label = text(example).split(":")
        assert name == "name"
        assert api.artifact(f"data:{said[label]}").qualified_name == "my_entity/my_project/data:v0"


def test_what_runs_logged_and_used_is_listed(
    api: Api, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page prints `test_artifact`; its own class says that a version's name has its number."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("WBART_PROJECT", "artifact-example")
    logged = ran("S0-51")
    assert capsys.readouterr().out == f"{shown('S0-51')}:v0\n"
    assert logged["finished_run"].state == "finished"

    used = ran("S0-58")
    assert capsys.readouterr().out == f"{shown('S0-58')}:v0\n"
    with used["used_artifact"].file() and open(used["used_artifact"].file()) as file:
        assert file.read() in text("S0-51")


def shown(recipe: str) -> str:
    """What the page prints below its code."""
    last = text(recipe).splitlines()[-1]
    return last if not last.startswith(("...", ">>>")) else "test_artifact"


# Paths, registries, launch and people.


def test_paths_lead_to_things(api: Api) -> None:
    with calls.init(id="id", entity="my_team", project="my_project"):
        pass
    places = {"entity": "my_team", "project": "my_project"}
    searched = sweep({"method": "grid", "parameters": {"x": {"value": 1}}}, **places)
    written = BetaReport.create(Api({"entity": "my_team"}), "My Report")
    found = ran("S0-17", {"sweeps/id": f"sweeps/{searched}", "Vm11dsdf": written.id}, api=api)

    assert (found["project"].id, found["team_project"].id) == (
        "my_entity/my_project", "my_team/my_project",
    )  # fmt: skip
    assert (found["run"].path, found["sweep"].id) == (["my_team", "my_project", "id"], searched)
    assert found["report"].title == "My Report"


def test_registries_are_searched(api: Api, tmp_path: Path) -> None:
    world = World(tmp_path)
    for name in ("model", "data"):
        api.create_registry(name)
    with calls.init() as run:
        for name, alias in (("my_collection", "best"), ("other", "worst")):
            draft = run.log_artifact(world.draft(name, name, "model"))
            target = f"wandb-registry-model/{name}"
            assert run.link_artifact(draft, target, aliases=[alias]) is not None
    [tagged] = [each for each in api.registries().collections() if each.name == "my_collection"]
    tagged.tags = ["my_tag"]
    tagged.save()

    registries = ran("S0-24", {"  # エンティティが複数の組織に属する場合、組織を指定します。": ""})[
        "_"
    ]
    assert [each.name for each in registries] == ["model"]
    assert [each.name for each in ran("S0-25", api=api)["_"]] == ["my_collection"]
    assert [each.name for each in ran("S0-26", api=api)["_"]] == ["my_collection:v0"]
    assert [each.name for each in ran("S0-27", api=api)["_"]] == ["my_collection:v0"]


@pytest.mark.parametrize("field", ["created_at", "updated_at"])
def test_every_level_of_a_registry_knows_its_times(api: Api, tmp_path: Path, field: str) -> None:
    world = World(tmp_path)
    api.create_registry("model")
    with calls.init() as run:
        draft = run.log_artifact(world.draft("x", "net", "model"))
        run.link_artifact(draft, "wandb-registry-model/net")

    for operator, count in (("$gt", 1), ("$lt", 0)):
        filter = {field: {operator: text("S0-i05")}}
        assert len(list(api.registries(filter=filter))) == count
        assert len(list(api.registries().collections(filter=filter))) == count
        assert len(list(api.registries().versions(filter=filter))) == count


def test_a_queue_is_kept_with_the_template_of_the_page(api: Api) -> None:
    example = text("S0-i08").replace("var-name", "epochs")
    for old, new in {
        '("string", "number", or "integer")': '"integer"',
        "(optional value)": "3",
        "(optional minimum)": "1",
        "(optional maximum)": "9",
        '[..."(options)"]': "[3, 5]",
    }.items():
        example = example.replace(old, new)
    variables = eval(example)
    variable = text("S0-i09").replace("var", "epochs")
    links = {"name": eval(text("S0-i10"))["name"]}
    assert links == {"name": "url"}

    queue = ran(
        "S0-i11",
        {"...": f'"q", "local-process", config={{"n": "{variable}"}}, template_variables=said'},
        said=variables,
    )["_"]
    assert api.run_queue("my_entity", "q").template_variables == variables
    assert queue.default_resource_config["n"] == variable
    kept = api.upsert_run_queue("q", {"n": 1}, "local-process", external_links=links)
    assert kept.external_links == links
    variables["epochs"]["schema"]["type"] = "colour"
    with pytest.raises(ArgumentInvalid):
        api.create_run_queue("r", "local-process", template_variables=variables)


def test_a_queue_is_changed_with_all_that_the_page_names(api: Api) -> None:
    variables = {"epochs": {"schema": {"type": "integer"}}}
    api.create_run_queue("q", "local-process")
    api.upsert_run_queue(
        "q",
        {"n": 1},
        "kubernetes",
        entity="my_entity",
        template_variables=variables,
        prioritization_mode="V0",
    )

    found = api.run_queue("my_entity", "q")
    assert (found.type, found.prioritization_mode) == ("kubernetes", "V0")
    assert (found.template_variables, found.default_resource_config) == (variables, {"n": 1})
    with pytest.raises(ValueError, match="V0"):
        api.upsert_run_queue("q", {}, "kubernetes", prioritization_mode="V9")


def test_a_queued_run_needs_a_server(api: Api) -> None:
    entity, project, queue, item = text("S0-i16").split("/")
    api.create_run_queue(queue, "local-process", entity)
    with pytest.raises(UnsupportedError):
        api.queued_run(entity, project, queue, item)


def test_the_viewer_is_who_works_here(api: Api) -> None:
    assert ran("S0-i13", api=api)["_"].username == api.run("run-foo").username
