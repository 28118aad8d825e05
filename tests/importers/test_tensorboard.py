"""TensorBoard's event files as runs of a store: `Api.sync_tensorboard` and `wbart import tb`."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import pytest
from tests.artifacts.house import House
from tests.importers import tensorboardfiles as files
from tests.importers.tensorboardfiles import event, log_dir, scalar

from wbart.api import Api
from wbart.errors import (
    ArgumentInvalid,
    ArgumentTypeInvalid,
    Conflict,
    NameInvalid,
    ProjectNotFound,
)
from wbart.runs.publicrun import PublicRun


@pytest.fixture
def api(house: House) -> Api:
    return Api(settings=house.workspace.settings)


def steps(count: int) -> list[bytes]:
    return [event(step, scalar("loss", 1 / (step + 1))) for step in range(count)]


def losses(run: PublicRun) -> list[tuple[int, float]]:
    return [(row["_step"], row["loss"]) for row in run.scan_history()]


def runs(api: Api) -> list[str]:
    try:
        return [run.id for run in api.runs()]
    except ProjectNotFound:
        return []


def objects(house: House) -> dict[Path, bytes]:
    """All that is stored of runs."""
    found = (house.store / "runs").rglob("*")
    return {path: path.read_bytes() for path in found if path.is_file()}


def test_a_folder_becomes_a_finished_run(api: Api, tmp_path: Path) -> None:
    files.write("tensorboard", tmp_path / "first try")

    run = api.sync_tensorboard(tmp_path / "first try", project="boards", entity="team")

    assert (run.entity, run.project, run.state, run.name) == (
        "team",
        "boards",
        "finished",
        "first try",
    )
    theirs = files.read(tmp_path / "first try")["."]["tensors"]["loss"][1:]
    rows = list(run.scan_history(keys=["_step", "_timestamp", "global_step", "loss"]))
    assert [[row["_step"], row["_timestamp"], row["loss"]] for row in rows] == theirs
    assert [row["global_step"] for row in rows] == list(range(40))
    assert run.config["optimizer"] == "adam"
    assert run.summary["loss"] == theirs[-1][2]
    assert run.summary["note"] == "ein *Wört*"


def test_media_and_event_files_are_files_of_the_run(api: Api, tmp_path: Path) -> None:
    files.write("tensorboardx", tmp_path / "logs")

    run = api.sync_tensorboard(tmp_path / "logs")

    [picture] = [row["picture"] for row in run.scan_history(keys=["picture"])]
    run.file(picture["path"]).download(tmp_path / "got").close()
    got = (tmp_path / "got" / picture["path"]).read_bytes()
    assert (len(got), got[:4]) == (picture["size"], b"\x89PNG")
    kept = {file.name for file in run.files()}
    for path in (tmp_path / "logs").rglob("*tfevents*"):
        name = path.relative_to(tmp_path / "logs").as_posix()
        assert name in kept
        run.file(name).download(tmp_path / "back").close()
        assert (tmp_path / "back" / name).read_bytes() == path.read_bytes()


def test_the_same_folder_twice_is_one_run_wherever_it_lies(
    house: House, api: Api, tmp_path: Path
) -> None:
    log_dir(tmp_path / "logs", *steps(3))

    first = api.sync_tensorboard(tmp_path / "logs")
    stored = objects(house)
    (tmp_path / "elsewhere").mkdir()
    shutil.move(tmp_path / "logs", tmp_path / "elsewhere")
    second = api.sync_tensorboard(str(tmp_path / "elsewhere" / "logs"))

    assert (first.id, stored) == (second.id, objects(house))
    assert runs(api) == [first.id]
    assert losses(second) == [(0, 1.0), (1, 0.5), (2, pytest.approx(1 / 3))]


def test_a_file_that_grew_and_one_that_is_new_bring_the_run_up_to_date(
    api: Api, tmp_path: Path
) -> None:
    whole = (log_dir(tmp_path / "logs", *steps(4)) / files.NAME).read_bytes()
    (tmp_path / "logs" / files.NAME).write_bytes(whole[:-5])
    first = api.sync_tensorboard(tmp_path / "logs")
    assert [step for step, _ in losses(first)] == [0, 1, 2]

    (tmp_path / "logs" / files.NAME).write_bytes(whole)
    second = api.sync_tensorboard(tmp_path / "logs")
    assert [step for step, _ in losses(second)] == [0, 1, 2, 3]

    more = event(9, scalar("loss", 9.0))
    log_dir(tmp_path / "logs", more, name="events.out.tfevents.1700000009.host")
    third = api.sync_tensorboard(tmp_path / "logs")
    assert losses(third)[4:] == [(9, 9.0)]
    assert runs(api) == [first.id] == [second.id] == [third.id]


def test_folders_of_different_trainings_are_different_runs(api: Api, tmp_path: Path) -> None:
    made = {
        api.sync_tensorboard(log_dir(tmp_path / "a", *steps(2))).id,
        api.sync_tensorboard(log_dir(tmp_path / "b", *steps(2))).id,
    }

    assert len(made) == len(runs(api)) == 2


def test_a_run_that_is_another_is_not_written_over(api: Api, tmp_path: Path) -> None:
    api.create_run(run_id="mine")

    with pytest.raises(Conflict, match="another run"):
        api.sync_tensorboard(log_dir(tmp_path / "a", *steps(2)), run_id="mine")
    assert api.run("mine").state == "running"


def test_a_run_id_that_is_given_is_the_runs(api: Api, tmp_path: Path) -> None:
    folder = log_dir(tmp_path / "a", *steps(2))

    assert api.sync_tensorboard(folder, run_id="one").id == "one"
    assert api.sync_tensorboard(folder, run_id="one").id == "one"
    assert runs(api) == ["one"]


def test_a_single_event_file_is_a_run_too(api: Api, tmp_path: Path) -> None:
    folder = log_dir(tmp_path / "a", *steps(2))
    log_dir(folder, *steps(1), name="events.out.tfevents.1700000007.host")

    run = api.sync_tensorboard(folder / files.NAME)

    assert len(losses(run)) == 2


def test_several_sessions_have_their_parameters_by_folder(api: Api, tmp_path: Path) -> None:
    for name in ("x", "y"):
        files.write("tensorboard", tmp_path / "logs" / name)

    config = api.sync_tensorboard(tmp_path / "logs").config

    assert config["x"]["optimizer"] == config["y"]["optimizer"] == "adam"


def test_a_session_that_failed_is_a_failed_run(api: Api, tmp_path: Path) -> None:
    end = files.chunk(4, b"\x08\x02\x11" + struct.pack("<d", files.WALL + 100))
    plugin = files.chunk(1, b"hparams") + files.chunk(2, end)
    said = files.value("_hparams_/session_end_info", files.chunk(9, files.chunk(1, plugin)))
    folder = log_dir(tmp_path / "logs", *steps(2), event(2, said))

    run = api.sync_tensorboard(folder)

    assert run.state == "failed"
    assert run.summary["_wandb"]["runtime"] == 100


def test_files_without_values_are_a_run_without_rows(api: Api, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / files.NAME).write_bytes(b"")
    (tmp_path / "logs" / "x.tfevents.1.profile-empty").write_bytes(b"junk")

    run = api.sync_tensorboard(tmp_path / "logs")

    assert (list(run.scan_history()), run.created_at[:10]) == ([], "2023-11-14")


@pytest.mark.parametrize("name", ["none", "empty", "file.txt"])
def test_where_no_event_files_are_nothing_is_made(api: Api, tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.txt").write_text("x")

    with pytest.raises(ArgumentInvalid, match="event files") as caught:
        api.sync_tensorboard(tmp_path / name)
    assert isinstance(caught.value, ValueError)
    assert "\n" not in str(caught.value)
    assert runs(api) == []


def test_bad_arguments_are_refused_before_anything_is_written(api: Api, tmp_path: Path) -> None:
    folder = log_dir(tmp_path / "logs", *steps(1))

    with pytest.raises(ArgumentTypeInvalid):
        api.sync_tensorboard(None)  # type: ignore[arg-type]
    with pytest.raises(NameInvalid):
        api.sync_tensorboard(folder, run_id="a/b")
    with pytest.raises(NameInvalid):
        api.sync_tensorboard(folder, project="a/b")
    assert runs(api) == []


def test_breaks_are_told_and_the_rest_is_there(
    api: Api, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = log_dir(tmp_path / "logs", *steps(3), b"\x0a\x05no")

    run = api.sync_tensorboard(folder)

    assert len(losses(run)) == 3
    [line] = caplog.messages
    assert line.startswith(f"run {run.id}: {files.NAME} is read up to a break: field 1")


def test_tags_that_a_row_has_of_its_own_do_not_spoil_it(api: Api, tmp_path: Path) -> None:
    said = event(3, scalar("_step", 7.0), scalar("global_step", 8.0), scalar("a.b/c d", 9.0))

    run = api.sync_tensorboard(log_dir(tmp_path / "logs", said))

    [row] = run.scan_history()
    assert (row["_step"], row["global_step"], row["a.b/c d"]) == (3, 8.0, 9.0)
