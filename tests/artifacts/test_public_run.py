"""A run as everybody may read it, and edit what is said of it."""

from __future__ import annotations

import html
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.artifacts.world import World

from wbart import calls
from wbart.api import Api
from wbart.errors import ArgumentInvalid, Conflict, Error, PathNotFound, RunNotFound
from wbart.recording.heartbeat import SILENCE
from wbart.runs.file import METADATA
from wbart.runs.publicrun import PublicRun


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("WBART_STORE", str(tmp_path / "store"))
    world = World(tmp_path)
    with world.run(id="r", name="first", config={"lr": 0.1, "net": {"depth": 3}}) as run:
        for step in range(20):
            run.log({"loss": 1 / (step + 1), **({"accuracy": step} if step % 4 == 0 else {})})
        run.save(world.file("notes.txt", "hello"), base_path=tmp_path / "files", policy="now")
    yield world
    calls.finish()


@pytest.fixture
def api(world: World) -> Api:
    return Api(settings=world.settings)


@pytest.fixture
def run(api: Api) -> PublicRun:
    return api.run("r")


# What it is.


def test_it_tells_what_was_recorded(run: PublicRun) -> None:
    assert (run.name, run.display_name, run.state, run.id) == ("first", "first", "finished", "r")
    assert run.config == {"lr": 0.1, "net": {"depth": 3}}
    assert run.summary["accuracy"] == 16
    assert run.summary.loss == run.summary_metrics["loss"] == 0.05
    assert run.lastHistoryStep == 19
    assert run.history_keys["lastStep"] == 19
    assert (run.metadata or {})["python"].startswith("CPython")
    assert json.loads(run.json_config)["lr"] == {"value": 0.1, "desc": None}


def test_any_field_is_an_attribute_in_either_spelling(run: PublicRun) -> None:
    assert run.exitCode == run.exit_code == 0
    assert run.cpuCount == run.metadata["cpu_count"]  # type: ignore[index]
    assert PublicRun.snake_to_camel("display_name") == "displayName"
    with pytest.raises(AttributeError, match="colour"):
        _ = run.colour


def test_a_running_run_shows_its_signs_of_life(world: World, api: Api) -> None:
    with world.run(id="live") as live:
        live.log({"loss": 7})
        live._recorder._beat()
        seen = api.run("live")

        assert (seen.state, seen.summary["loss"]) == ("running", 7)
        seen._beat["ts"] -= 2 * SILENCE
        seen._record.updated_at -= 2 * SILENCE
        assert seen.state == "crashed"


# Its history.


def test_a_history_that_fits_is_whole(run: PublicRun) -> None:
    rows = run.history(pandas=False)

    assert [row["_step"] for row in rows] == list(range(20))
    table = run.history()
    assert list(table["loss"]) == [row["loss"] for row in rows]
    assert table["accuracy"].isna().sum() == 15


def test_a_sample_is_the_same_every_time_and_keeps_both_ends(run: PublicRun) -> None:
    rows = run.history(samples=5, pandas=False)

    assert [row["_step"] for row in rows] == [0, 4, 9, 14, 19]
    assert rows == run.history(samples=5, pandas=False)


def test_keys_choose_rows_that_have_them(run: PublicRun) -> None:
    rows = run.history(keys=["accuracy"], pandas=False)

    assert [row["accuracy"] for row in rows] == [0, 4, 8, 12, 16]
    assert rows[0].keys() == {"_step", "_runtime", "_timestamp", "accuracy"}


@pytest.mark.parametrize("keys", ["loss", [1], []])
def test_keys_that_are_none_end_in_nothing(
    run: PublicRun, keys: object, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        assert run.history(keys=keys) == []  # type: ignore[arg-type]
    assert "keys" in caplog.text
    with pytest.raises(ValueError, match="keys"):
        run.scan_history(keys=keys)  # type: ignore[arg-type]


def test_the_machines_metrics_are_a_stream(world: World, api: Api) -> None:
    with world.run(id="m") as run:
        run._recorder.store()
    found = api.run("m")

    for stream in ("events", "system"):
        [row] = found.history(stream=stream, pandas=False)
        assert row["system.memory"] > 0
    assert found.system_metrics["system.memory"] == row["system.memory"]


def test_a_scan_is_every_row_and_can_begin_again(run: PublicRun) -> None:
    scan = run.scan_history(keys=["loss", "_step"], min_step=3, max_step=6)

    assert [row["_step"] for row in scan] == [3, 4, 5]
    assert [set(row) for row in scan] == [{"loss", "_step"}] * 3
    assert next(scan)["_step"] == 3
    assert len(list(run.scan_history())) == 20
    assert list(run.scan_history(keys=["nothing"])) == []


# Its files.


def test_its_files_are_listed_and_downloaded(run: PublicRun, tmp_path: Path) -> None:
    assert [file.name for file in run.files()] == [
        "config.yaml", "notes.txt", METADATA, "wandb-summary.json",
    ]  # fmt: skip
    assert [file.name for file in run.files(pattern="%.json")] == [METADATA, "wandb-summary.json"]
    with run.file("notes.txt").download(str(tmp_path / "out")) as file:
        assert file.read() == "hello"
    with run.file(METADATA).download(str(tmp_path / "out")) as file:
        assert json.load(file)["program"]
    with pytest.raises(ValueError, match="already exists"):
        run.file("notes.txt").download(str(tmp_path / "out"))
    run.file("notes.txt").download(str(tmp_path / "out"), replace=True).close()
    with pytest.raises(PathNotFound):
        run.file("nothing")
    with pytest.raises(ArgumentInvalid):
        run.files(names=["x"], pattern="%")
    assert run.file("notes.txt").md5 == "XUFAKrxLKna5cZ2REBfFkg=="


def test_deleting_while_iterating_skips_none(run: PublicRun) -> None:
    for file in run.files(per_page=1):
        file.delete()

    assert list(run.load(force=True).files()) == []


def test_a_file_is_uploaded_to_a_finished_run(run: PublicRun, world: World, tmp_path: Path) -> None:
    local = world.file("sub/model.h5", "weights")
    file = run.upload_file(local, root=tmp_path / "files")

    assert (file.name, file.size) == ("sub/model.h5", 7)
    assert run.state == "finished"
    assert run.upload_file(local, root=tmp_path / "files/sub/deeper").name == "__/model.h5"
    assert run.upload_file(world.file("a..b", "dots"), root=tmp_path / "files").name == "a..b"


# Editing it.


def test_assignments_are_local_until_update(run: PublicRun, api: Api) -> None:
    run.name, run.notes, run.tags, run.group = "second", "text", ["a", "b"], "g"
    run.config["lr"] = 0.2
    run.summary["best"] = 1
    assert api.run("r").name == "first"
    run.update()

    found = api.run("r")
    assert (found.name, found.notes, found.tags, found.group) == ("second", "text", ["a", "b"], "g")
    assert found.config == {"lr": 0.2, "net": {"depth": 3}}
    assert found.summary["best"] == 1
    assert found.state == "finished"


def test_nothing_changed_is_nothing_stored(run: PublicRun) -> None:
    before = run._record.next
    run.update()
    assert run._record.next == before


def test_a_summary_stores_what_it_is_told(run: PublicRun, api: Api) -> None:
    run.summary.update({"best": 2})
    del run.summary["accuracy"]
    assert "accuracy" in api.run("r").summary
    run.summary.update()

    found = api.run("r").summary
    assert found["best"] == 2
    assert "accuracy" not in found
    assert run.summary._json_dict == dict(found)


def test_a_run_that_goes_on_is_not_disturbed_by_edits(world: World, api: Api) -> None:
    with world.run(id="live") as live:
        api.run("live").summary.update({"seen": True})
        live.log({"a": 1})
        live.notes = "mine"

    assert (api.run("live").state, api.run("live").notes) == ("finished", "mine")


def test_runs_are_created_and_change_their_state(api: Api) -> None:
    run = PublicRun.create(api, run_id="new", state="pending")
    assert run.state == "pending"
    with pytest.raises(Conflict):
        PublicRun.create(api, run_id="new")
    assert run.update_state("failed")
    assert run.update_state("pending")
    with pytest.raises(Error, match="pending"):
        run.update_state("pending")
    with pytest.raises(Error, match="finished"):
        run.update_state("finished")
    run.stop()
    assert api.run("new").state == "killed"
    run.wait_until_finished()


def test_waiting_ends_with_the_run(world: World, api: Api) -> None:
    live = world.run(id="live")
    api.run("live").wait_until_finished(wait=lambda seconds: live.finish())

    assert api.run("live").state == "finished"


def test_a_deleted_run_is_gone_and_what_it_logged_stays_unless_told(world: World, api: Api) -> None:
    for name, both in (("one", False), ("two", True)):
        with world.run(id=name) as run:
            run.log_artifact(world.draft(name, name))
        api.run(name).delete(delete_artifacts=both)
        with pytest.raises(RunNotFound):
            api.run(name)

    assert api.artifact_exists("one:v0")
    assert not api.artifact_exists("two:v0")


def test_artifacts_are_logged_to_and_used_by_finished_runs(
    run: PublicRun, world: World, api: Api
) -> None:
    run.log_artifact(world.draft("late", "late"), aliases=["best"])
    late = api.artifact("late:best")

    maker = late.logged_by()
    assert maker is not None
    assert maker.id == "r"
    run.use_artifact(late)
    assert [user.id for user in late.used_by()] == ["r"]
    assert [each.name for each in run.load(force=True).logged_artifacts()] == ["late:v0"]
    with pytest.raises(ArgumentInvalid, match="draft"):
        run.use_artifact(world.draft("x", "y"))


def test_a_page_for_notebooks(run: PublicRun) -> None:
    assert "height:100px" in run.to_html(height=100)
    assert "<button" in run.to_html(hidden=True)
    assert run.display() is False


def test_a_page_shows_config_and_summary_and_runs_no_script(run: PublicRun) -> None:
    run.name, run.config["note"] = "<script>alert('x')</script>", "it's <b>"
    [frame] = re.findall(r"<iframe sandbox srcdoc='([^']*)' style='[^']*'></iframe>", run.to_html())
    shown = html.unescape(frame)

    assert "<h1>&lt;script&gt;" in shown
    assert "<tr><th>lr</th><td>0.1</td></tr>" in shown
    assert "<tr><th>note</th><td>it&#x27;s &lt;b&gt;</td></tr>" in shown
    assert "<tr><th>accuracy</th><td>16</td></tr>" in shown
