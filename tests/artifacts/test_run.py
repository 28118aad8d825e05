from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from tests.artifacts.world import World

import wbart
import wbart.recording.artifacts
from wbart import calls
from wbart.artifact import Artifact
from wbart.committed import Committed
from wbart.drafts.saving import save_draft
from wbart.errors import (
    ArgumentInvalid,
    ArtifactNotFound,
    ArtifactNotLoggedError,
    Error,
    TypeClash,
    UploadFailed,
    UsageError,
    WaitTimeoutError,
)
from wbart.recording.active import active
from wbart.recording.liverun import Run
from wbart.recording.path import RunPath
from wbart.recording.record import read_record
from wbart.runs.historyparts import HistoryParts
from wbart.runs.publicrun import PublicRun
from wbart.runs.runs import find, users_of
from wbart_storage.errors import StoreFull
from wbart_storage.keys import run_prefix


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    yield World(tmp_path)
    calls.finish()


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """Uploads wait for this event."""
    event, save = Event(), save_draft

    def wait_and_save(*args: object, **kwargs: object) -> Committed:
        event.wait(60)
        return save(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(wbart.recording.artifacts, "save_draft", wait_and_save)
    yield event
    event.set()


def stored(run: Run) -> PublicRun:
    return find(run.workspace, RunPath(run.entity, run.project, run.id))


def rows(run: Run) -> list[dict[str, object]]:
    objects = run.workspace.store.objects
    record = read_record(objects, RunPath(run.entity, run.project, run.id))
    prefix = run_prefix(run.entity, run.project, run.id)
    return list(HistoryParts(objects, prefix, record.fields["first_part"]).rows())


# From init to finish.


def test_a_run_is_running_and_then_finished(world: World) -> None:
    with world.run(job_type="train", group="g", tags=["a", "a"], notes="n", name="first") as run:
        during = stored(run)
    after = stored(run)

    assert (during.state, after.state, run.state) == ("running", "finished", "finished")
    assert (after.name, after.job_type, after.group, after.notes) == ("first", "train", "g", "n")
    assert after.tags == ["a"]
    assert (after.entity, after.project, after.id) == ("ent", "proj", run.id)
    assert run.path == f"ent/proj/{run.id}"


def test_an_error_in_the_context_fails_the_run_and_goes_on(world: World) -> None:
    with pytest.raises(KeyError), world.run() as run:
        raise KeyError("mine")

    assert stored(run).state == "failed"
    assert active() is None


@pytest.mark.parametrize(("code", "state"), [(0, "finished"), (None, "finished"), (3, "failed")])
def test_a_script_that_exits_in_the_context(world: World, code: int | None, state: str) -> None:
    with pytest.raises(SystemExit), world.run() as run:
        raise SystemExit(code)

    assert stored(run).state == state


def test_finish_twice_is_once_and_a_finished_run_takes_nothing(world: World) -> None:
    run = world.run()
    run.finish()
    run.finish(exit_code=1)

    assert stored(run).state == "finished"
    for call in (
        lambda: run.log({"a": 1}),
        lambda: run.log_artifact(Artifact("a", "t")),
        lambda: run.use_artifact("a"),
        lambda: run.config.update({"a": 1}),
        lambda: setattr(run, "name", "n"),
    ):
        with pytest.raises(UsageError, match="finished"):
            call()


def test_what_is_assigned_is_stored_at_once(world: World) -> None:
    with world.run() as run:
        run.name, run.notes, run.tags = "n", "text", ("x", "y")
        found = stored(run)

    assert (found.name, found.notes, found.tags) == ("n", "text", ["x", "y"])


def test_an_active_run_is_returned_again(world: World, caplog: pytest.LogCaptureFixture) -> None:
    run = world.run()

    assert world.run() is run
    assert "is active" in caplog.text


def test_another_run_finishes_the_one_before(world: World) -> None:
    first = world.run()
    second = world.run(id="other")

    assert (first.state, second.state, active()) == ("finished", "running", second)


def test_runs_can_be_active_side_by_side(world: World) -> None:
    first = world.run()
    second = world.run(reinit="create_new")
    second.finish()

    assert active() is first


def test_ids_are_checked(world: World) -> None:
    with pytest.raises(ValueError, match="Run id"):
        world.run(id="a/b")
    with pytest.raises(UsageError, match="mode"):
        world.run(mode="turbo")
    with pytest.raises(UsageError, match="resume"):
        world.run(resume="perhaps")


def test_a_disabled_run_leaves_the_store_alone(world: World) -> None:
    with world.run(mode="disabled") as run:
        run.log_artifact(world.draft("x")).wait()

    assert not (world.folder / "store" / "runs").exists()
    assert not (world.folder / "store" / "c").exists()


# Beginning again.


def test_an_id_that_exists_begins_anew(world: World) -> None:
    with world.run(id="r", config={"a": 1}) as run:
        run.log({"x": 1})
        run.log_artifact(world.draft("x"))
    with world.run(id="r") as again:
        assert again.step == 0
        again.log({"x": 2})

    found = stored(again)
    assert (again.resumed, found.config) == (False, {})
    assert found.summary["x"] == 2
    assert [(row["_step"], row["x"]) for row in rows(again)] == [(0, 2)]
    assert [artifact.name for artifact in found.logged_artifacts()] == ["data:v0"]


@pytest.mark.parametrize("resume", [True, "allow", "must", "auto"])
def test_a_resumed_run_goes_on(world: World, resume: bool | str) -> None:
    with world.run(id="r", config={"a": 1}, name="n") as run:
        run.log({"x": 1, "y": 1})
    with world.run(id="r", config={"a": 2, "b": 3}, resume=resume) as again:
        assert (again.step, again.name, again.summary["y"]) == (1, "n", 1)
        again.log({"x": 2})

    found = stored(again)
    assert (again.resumed, found.config) == (True, {"a": 2, "b": 3})
    assert [(row["_step"], row["x"]) for row in rows(again)] == [(0, 1), (1, 2)]


def test_must_and_never_are_kept(world: World) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        world.run(id="r", resume="must")
    world.run(id="r", resume="never").finish()
    with pytest.raises(UsageError, match="exists"):
        world.run(id="r", resume="never")


# Metrics.


def test_the_summary_holds_the_last_values(world: World) -> None:
    with world.run() as run:
        run.log({"loss": 2.0, "nested": {"a": 1}})
        run.log({"loss": 1.0})
        run.summary["best"] = 0.5
        run.summary.update({"more": [1, 2]})
        run.summary.note = "text"
        assert run.summary.loss == run.summary["loss"] == 1.0

    summary = stored(run).summary
    assert summary["loss"] == 1.0
    assert (summary["nested.a"], summary["best"], summary["more"]) == (1, 0.5, [1, 2])
    assert summary["note"] == "text"
    assert summary["_step"] == 1
    assert set(summary["_wandb"]) == {"runtime"}


def test_history_is_stored_at_the_end(world: World) -> None:
    with world.run() as run:
        for number in range(3):
            run.log({"n": number})
        assert run.step == 3

    assert [row["n"] for row in rows(run)] == [0, 1, 2]


# Logging artifacts.


def test_logging_is_asynchronous(world: World, held: Event) -> None:
    with world.run() as run:
        artifact = run.log_artifact(world.draft("x"))
        with pytest.raises(WaitTimeoutError):
            artifact.wait(timeout=0)
        with pytest.raises(ArtifactNotLoggedError):
            _ = artifact.version
        held.set()

        assert artifact.wait() is artifact
        assert artifact.qualified_name == "ent/proj/data:v0"
        assert artifact.aliases == ["latest"]


def test_the_artifact_stays_a_draft_until_its_owner_waits(world: World) -> None:
    with world.run() as run:
        artifact = run.log_artifact(world.draft("x"))
        landing = artifact._landing
        assert landing is not None
        landing.exception(60)

        assert artifact.is_draft()
        assert artifact.wait().version == "v0"


def test_what_is_held_of_a_draft_is_let_go_when_it_is_stored(world: World) -> None:
    with world.run() as run:
        artifact = run.log_artifact(world.draft("x"))
        landing = artifact._landing
        assert landing is not None
        landing.exception(60)

        assert artifact.is_draft()
        assert artifact._filling.intake is None


def test_an_artifact_lands_once(world: World) -> None:
    with world.run() as run:
        artifact = run.log_artifact(world.draft("x"))
        landing = artifact._landing
        assert artifact.wait().description is None
        artifact.description = "not saved yet"
    assert landing is not None

    assert landing.done()
    assert artifact.description == "not saved yet"


def test_finish_joins_and_settles(world: World, held: Event) -> None:
    run = world.run()
    artifact = run.log_artifact(world.draft("x"))
    held.set()
    run.finish()

    assert artifact.version == "v0"


def test_versions_of_one_collection_come_in_the_order_of_the_calls(world: World) -> None:
    with world.run() as run:
        drafts = [run.log_artifact(world.draft(f"text {n}")) for n in range(10)]

    assert [draft.version for draft in drafts] == [f"v{n}" for n in range(10)]


def test_settings_make_logging_synchronous(tmp_path: Path) -> None:
    world = World(tmp_path, sync=True)
    with world.run() as run:
        assert run.log_artifact(world.draft("x")).version == "v0"


def test_a_failed_upload_raises_in_wait_and_is_told_at_the_end(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise StoreFull("no room left")

    with world.run() as run:
        monkeypatch.setattr(wbart.recording.artifacts, "save_draft", full)
        artifact = run.log_artifact(world.draft("x"))
        with pytest.raises(ValueError, match="data was not logged: no room left") as caught:
            artifact.wait()
        assert isinstance(caught.value, UploadFailed)
        assert isinstance(caught.value.exc, StoreFull)
        monkeypatch.undo()
        assert run.log_artifact(world.draft("y")).wait().version == "v0"

    assert "no room left" in caplog.text
    assert artifact.is_draft()
    assert stored(run).state == "finished"


def test_what_is_wrong_with_the_call_raises_at_once(world: World) -> None:
    with world.run() as run:
        run.log_artifact(world.draft("x")).wait()
        with pytest.raises(TypeClash, match="already exists with type 'dataset'"):
            run.log_artifact(world.draft("y", type="model"))
        for aliases in (["a/b"], ["v7"]):
            with pytest.raises(ValueError, match="lias"):
                run.log_artifact(world.draft("y"), aliases=aliases)
        with pytest.raises(ValueError, match="tag"):
            run.log_artifact(world.draft("y"), tags=["?"])
        draft = world.draft("y")
        draft.metadata.update({str(n): n for n in range(101)})
        with pytest.raises(ValueError, match="101 keys"):
            run.log_artifact(draft)
        with pytest.raises(ValueError, match="name may only contain"):
            run.log_artifact(world.file("x.txt", "x"), name="a b")

    assert [artifact.name for artifact in stored(run).logged_artifacts()] == ["data:v0"]


def test_aliases_and_tags_are_given(world: World) -> None:
    with world.run() as run:
        artifact = run.log_artifact(world.draft("x"), aliases="best", tags=["t"]).wait()

    assert sorted(artifact.aliases) == ["best", "latest"]
    assert artifact.tags == ["t"]


def test_a_path_becomes_an_artifact(world: World) -> None:
    with world.run(id="r") as run:
        file = run.log_artifact(world.file("x.txt", "x")).wait()
        folder = run.log_artifact(str(world.folder / "files"), name="dir", type="t").wait()
        uri = run.log_artifact(f"file://{world.folder}/files/x.txt", name="uri").wait()
        with pytest.raises(ValueError, match="file, directory or external"):
            run.log_artifact(world.folder / "nowhere", name="n")
        with pytest.raises(TypeError, match="not int"):
            run.log_artifact(3)  # type: ignore[arg-type]

    assert (file.name, file.type, [each.path for each in file.manifest]) == (
        "run-r-x.txt:v0",
        "unspecified",
        ["x.txt"],
    )
    assert (folder.name, folder.type) == ("dir:v0", "t")
    (entry,) = uri.manifest
    assert entry.ref == f"file://{world.folder}/files/x.txt"


def test_the_same_content_is_the_same_version_and_still_an_output(world: World) -> None:
    with world.run() as first:
        first.log_artifact(world.draft("x"))
    with world.run() as second:
        again = second.log_artifact(world.draft("x"), aliases=["again"]).wait()

    assert (again.version, sorted(again.aliases)) == ("v0", ["again", "latest"])
    assert [artifact.name for artifact in stored(second).logged_artifacts()] == ["data:v0"]
    assert again.logged_by() == stored(first)


def test_a_version_that_is_one_already_gets_labels_and_an_edge(world: World) -> None:
    with world.run() as first:
        artifact = first.log_artifact(world.draft("x")).wait()
    with world.run() as second:
        second.log_artifact(artifact, aliases=["again"], tags=["t"])

    assert (artifact.version, sorted(artifact.aliases)) == ("v0", ["again", "latest"])
    assert artifact.tags == ["t"]
    assert [found.name for found in stored(second).logged_artifacts()] == ["data:v0"]


def test_logging_a_draft_twice_labels_the_version(world: World) -> None:
    with world.run() as run:
        artifact = world.draft("x")
        run.log_artifact(artifact, aliases=["a"])
        run.log_artifact(artifact, aliases=["b"])

    assert (artifact.version, sorted(artifact.aliases)) == ("v0", ["a", "b", "latest"])


def test_the_history_step_is_that_of_the_newest_row(world: World) -> None:
    with world.run() as run:
        before = run.log_artifact(world.draft("0")).wait()
        run.log({"a": 1})
        after = run.log_artifact(world.draft("1")).wait()
        run.log({"a": 1}, step=41)
        later = run.log_artifact(world.draft("2")).wait()

    assert (before.history_step, after.history_step, later.history_step) == (None, 0, 41)


def test_a_draft_on_its_way_is_used_as_the_version_that_it_becomes(
    world: World, held: Event
) -> None:
    with world.run() as run:
        artifact = run.log_artifact(world.draft("x"))
        held.set()
        run.use_artifact(artifact)

    found = stored(run)
    assert artifact.logged_by() == found
    assert [each.id for each in found.used_artifacts()] == [artifact.id]
    assert [each.id for each in found.logged_artifacts()] == [artifact.id]


def test_saving_in_an_active_run_logs_there(world: World) -> None:
    with world.run() as run:
        artifact = world.draft("x")
        artifact.save()

    assert artifact.logged_by() == stored(run)


# Using artifacts.


@pytest.mark.parametrize(
    "name",
    ["data", "data:latest", "data:v0", "proj/data", "ent/proj/data:best",
     "wandb-artifact://ent/proj/data:v0"],
)  # fmt: skip
def test_an_artifact_is_used_by_any_of_its_names(world: World, name: str) -> None:
    with world.run() as run:
        run.log_artifact(world.draft("x"), aliases=["best"]).wait()
        used = run.use_artifact(name, type="dataset")

    assert used.source_qualified_name == "ent/proj/data:v0"
    assert [found.id for found in stored(run).used_artifacts()] == [used.id]
    assert users_of(run.workspace, str(used.id)) == [stored(run)]


def test_an_artifact_is_used_by_its_id(world: World) -> None:
    with world.run() as run:
        logged = run.log_artifact(world.draft("x")).wait()

        assert run.use_artifact(f"wandb-artifact://_id/{logged.id}").id == logged.id


def test_what_cannot_be_used_leaves_no_edge(world: World) -> None:
    with world.run() as run:
        logged = run.log_artifact(world.draft("x")).wait()
        with pytest.raises(ArtifactNotFound, match="none"):
            run.use_artifact("none")
        with pytest.raises(ValueError, match="'model'"):
            run.use_artifact("data", type="model")
        with pytest.raises(ValueError, match="'model'"):
            run.use_artifact(logged, type="model")

    assert len(stored(run).used_artifacts()) == 0


def test_a_used_draft_is_logged_first_and_is_no_output(world: World) -> None:
    with world.run() as run:
        used = run.use_artifact(world.draft("x"), aliases=["mine"])

    assert (used.version, sorted(used.aliases)) == ("v0", ["latest", "mine"])
    found = stored(run)
    assert [each.id for each in found.used_artifacts()] == [used.id]
    assert len(found.logged_artifacts()) == 0
    assert used.logged_by() is None


def test_use_through_a_link_counts_for_the_source(world: World) -> None:
    with world.run() as first:
        source = first.log_artifact(world.draft("x")).wait()
        first.link_artifact(source, "shelf")
    with world.run() as second:
        linked = second.use_artifact("shelf:latest")

    assert linked.is_link
    assert users_of(second.workspace, str(source.id)) == [stored(second)]


def test_deleted_versions_are_no_longer_listed(world: World) -> None:
    with world.run() as run:
        artifact = run.log_artifact(world.draft("x")).wait()
        run.use_artifact(artifact)
    artifact.delete(delete_aliases=True)

    assert list(stored(run).logged_artifacts()) == list(stored(run).used_artifacts()) == []


# Linking, models.


@pytest.mark.parametrize(
    ("target", "found"),
    [("shelf", "ent/proj/shelf:v0"), ("q/shelf", "ent/q/shelf:v0"), ("f/q/shelf", "f/q/shelf:v0")],
)
def test_the_run_fills_in_where_to_link(world: World, target: str, found: str) -> None:
    with world.run() as run:
        linked = run.link_artifact(world.draft("x"), target, aliases=["best"])

    assert (linked.qualified_name, sorted(linked.aliases)) == (found, ["best", "latest"])
    assert linked.source_qualified_name == "ent/proj/data:v0"


def test_models_are_logged_used_and_linked(world: World) -> None:
    path = world.file("net.bin", "weights")
    with world.run(id="r") as run:
        run.log_model(path, "net", aliases=["best"])
        linked = run.link_model(path, "registered", "net")
        used = run.use_model("net:v0")

    assert linked.qualified_name == "ent/model-registry/registered:v0"
    assert (linked.source_qualified_name, linked.type) == ("ent/proj/net:v0", "model")
    assert Path(used).read_text() == "weights"
    assert used.endswith("/net:v0/net.bin")


def test_a_model_of_several_files_is_a_folder(world: World) -> None:
    world.file("m/a", "1")
    world.file("m/b", "2")
    with world.run() as run:
        run.log_model(world.folder / "files" / "m", "net")
        run.finish()
    with world.run() as run:
        used = run.use_model("net")

    assert sorted(path.name for path in Path(used).iterdir()) == ["a", "b"]


def test_only_models_are_models(world: World) -> None:
    with world.run() as run:
        run.log_artifact(world.draft("x")).wait()
        with pytest.raises(AssertionError, match="model"):
            run.use_model("data")
        with pytest.raises(AssertionError, match="model"):
            run.link_model(world.file("f", "f"), "registered", "data")
        with pytest.raises(AssertionError, match="entity or project"):
            run.link_model(world.file("f", "f"), "a/registered")


# Config.


def test_config_is_a_dict_and_attributes(world: World) -> None:
    with world.run(config={"lr": 0.1, "deep": {"a": (1, 2)}}) as run:
        run.config.batch = 8
        run.config["name"] = "x"
        run.config.setdefaults({"lr": 1.0, "more": None})
        assert run.config.lr == run.config["lr"] == 0.1
        assert run.config.get("none", 3) == 3
        assert "batch" in run.config
        with pytest.raises(AttributeError):
            _ = run.config.nothing
        expected = {"lr": 0.1, "deep": {"a": [1, 2]}, "batch": 8, "name": "x", "more": None}

        assert run.config.as_dict() == dict(run.config) == expected
        assert stored(run).config == expected


def test_a_value_is_not_changed_by_mistake(world: World) -> None:
    with world.run(config={"lr": 0.1}) as run:
        run.config.update({"lr": 0.1})
        with pytest.raises(ValueError, match="allow_val_change"):
            run.config.update({"new": 1, "lr": 0.2})
        assert dict(run.config) == {"lr": 0.1}
        run.config.update({"lr": 0.2}, allow_val_change=True)

    assert stored(run).config == {"lr": 0.2}


def test_artifacts_in_the_config_count_as_used(world: World) -> None:
    with world.run() as first:
        logged = first.log_artifact(world.draft("x")).wait()
    with world.run(config={"data": logged}) as run:
        run.config.same = "wandb-artifact://ent/proj/data:latest"
        run.config["draft"] = world.draft("y", "other")
        assert run.config["same"].id == logged.id
        assert run.config["draft"].version == "v0"

    found = stored(run)
    assert found.config["data"] == found.config["same"] == logged.json_encode()
    assert [each.name for each in found.used_artifacts()] == ["data:v0", "other:v0"]


@pytest.mark.parametrize("wrap", [lambda a: {"x": a}, lambda a: [a], lambda a: {"x": [{"y": a}]}])
def test_nested_artifacts_in_the_config_are_refused(world: World, wrap: object) -> None:
    assert callable(wrap)
    text = "Instances of wandb.Artifact can only be top level keys in a run's config"
    value = wrap(Artifact("a", "t"))
    with pytest.raises(ValueError, match=text):
        world.run(config={"deep": value})
    assert active() is None
    with world.run() as run, pytest.raises(ValueError, match=text):
        run.config["deep"] = value


def test_a_config_that_cannot_be_resolved_fails_the_run(world: World) -> None:
    with pytest.raises(ArtifactNotFound):
        world.run(id="r", config={"data": "wandb-artifact://ent/proj/none:latest"})

    assert active() is None


# The calls of a script.


def test_module_level_calls_go_to_the_active_run(world: World) -> None:
    run = world.run()
    calls.log({"a": 1})
    calls.log_artifact(world.draft("x")).wait()
    used = calls.use_artifact("data:v0")
    calls.active_config().update({"b": 2})
    calls.active_summary()["c"] = 3
    assert calls.active_run() is run
    calls.finish()

    found = stored(run)
    assert (found.summary["a"], found.summary["c"], found.config) == (1, 3, {"b": 2})
    assert [each.id for each in found.used_artifacts()] == [used.id]
    assert calls.active_run() is None


def test_without_a_run_they_say_what_is_missing() -> None:
    with pytest.raises(Error, match=r"wandb.init\(\) before wandb.log\(\)"):
        calls.log({"a": 1})
    with pytest.raises(Error, match=r"before wandb.config"):
        calls.active_config()["a"] = 1
    with pytest.raises(Error, match=r"before wandb.summary"):
        _ = calls.active_summary().a
    calls.finish()


def test_a_bad_config_is_a_type_error(world: World) -> None:
    with pytest.raises(TypeError, match="config must be a dict"):
        world.run(config=[1])
    loop: list[object] = []
    loop.append(loop)
    with world.run() as run, pytest.raises(ArgumentInvalid, match="nested deeper"):
        run.config["loop"] = loop


def test_scripts_that_log_in_first_go_on() -> None:
    assert wbart.login() is True
    assert wbart.login(key="0" * 40, relogin=True, host="https://example.invalid") is True
