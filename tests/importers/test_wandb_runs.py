"""Runs that the real wandb wrote offline, as they are in a store of ours."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.artifacts.house import House
from tests.importers.wandbworld import Importing, Written

from wbart.apis.importers import Namespace, import_runs
from wbart.apis.importers.wandb import runs_at
from wbart.errors import ArgumentInvalid, Conflict, RunNotFound

ROWS = 400
FULL = "ann-w/zoo-w/full0001"


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return Written.below(tmp_path_factory.getbasetemp())


@pytest.fixture
def importing(house: House) -> Importing:
    return Importing(house)


def test_what_a_run_says_of_itself_comes_along(written: Written, importing: Importing) -> None:
    report = importing(written.folder / "full" / "wandb")

    run = importing.run(FULL)
    assert report.complete
    assert [str(path) for path in report.imported] == [FULL]
    assert (run.name, run.notes, run.tags) == ("first try", "by hand", ["a", "b"])
    assert (run.group, run.job_type, run.state) == ("g", "train", "finished")
    assert run.config == {
        "rate": 0.1, "nested": {"depth": 2, "sizes": [1, 2]}, "later": "yes",
    }  # fmt: skip


def test_a_run_begins_when_it_began_there(written: Written, importing: Importing) -> None:
    importing(written.folder / "full")

    run = importing.run(FULL)
    first = next(iter(run.scan_history()))
    assert run.created_at[:13] == run.heartbeat_at[:13]
    assert 0 <= first["_timestamp"] - run._record.created_at < 60


def test_where_it_ran_is_told_without_credentials(written: Written, importing: Importing) -> None:
    importing(written.folder / "full")

    metadata = importing.run(FULL).metadata
    assert metadata is not None
    assert metadata["program"].endswith("wandb_writer.py")
    assert {"host", "os", "python", "executable"} <= metadata.keys()
    assert metadata["git"]["remote"] == "https://host/repo.git"
    assert len(metadata["git"]["commit"]) == 40


def test_all_rows_come_with_their_steps_and_times(written: Written, importing: Importing) -> None:
    importing(written.folder / "full")

    rows = list(importing.run(FULL).scan_history())
    assert [row["_step"] for row in rows] == [*range(ROWS + 1), 1000]
    assert [row["loss"] for row in rows[:ROWS]] == [1 / (step + 1) for step in range(ROWS)]
    assert rows[7]["deep.er.x"] == 7
    assert rows[7]["deep.bad"] == "NaN"
    assert rows[7]["text"] == "äöü" * 10
    times = [(row["_timestamp"], row["_runtime"]) for row in rows]
    assert times == sorted(times)
    assert times[0][0] > 1.7e9


def test_media_stay_whole_and_their_files_are_there(written: Written, importing: Importing) -> None:
    importing(written.folder / "full")

    run = importing.run(FULL)
    row = next(row for row in run.scan_history() if "image" in row)
    assert row["hist"]["_type"] == "histogram"
    assert len(row["hist"]["values"]) + 1 == len(row["hist"]["bins"])
    for name, kind in (("image", "image-file"), ("table", "table-file")):
        assert row[name]["_type"] == kind
        assert len(importing.file(FULL, row[name]["path"])) == row[name]["size"]


def test_the_summary_has_what_was_set_and_what_came_last(
    written: Written, importing: Importing
) -> None:
    importing(written.folder / "full")

    summary = importing.run(FULL).summary
    assert summary["best"] == 7
    assert summary["inner"] == {"k": 1, "z": 2}
    assert summary["loss"] == 0.0
    assert summary["deep"] == {"er": {"x": ROWS - 1}, "bad": "NaN"}
    assert summary["image"]["_type"] == "image-file"


def test_the_machine_s_metrics_are_events(written: Written, importing: Importing) -> None:
    importing(written.folder / "full")

    events = importing.run(FULL).history(stream="events", pandas=False)
    assert events
    assert {"system.memory_percent", "system.proc.cpu.threads"} <= events[0].keys()
    assert events[0]["_timestamp"] > 1.7e9


def test_files_come_along_and_what_was_printed(written: Written, importing: Importing) -> None:
    importing(written.folder / "full")

    assert importing.file(FULL, "saved.txt") == b"saved"
    assert b"hello console\n" in importing.file(FULL, "output.log")
    assert b"wandb==" in importing.file(FULL, "requirements.txt")


@pytest.mark.parametrize(("id_", "code"), [("failed", 3), ("killed", 255)])
def test_the_exit_code_says_how_it_ended(
    written: Written, importing: Importing, id_: str, code: int
) -> None:
    importing(written.log(id_))

    run = importing.run(f"ends/{id_}")
    assert (run.state, run.exit_code) == (id_, code)


def test_folders_that_resume_a_run_are_one_run(written: Written, importing: Importing) -> None:
    report = importing(written.folder / "resumed")

    run = importing.run("resumed/resumed1")
    rows = list(run.scan_history())
    assert report.complete
    assert [(row["_step"], row["x"]) for row in rows] == [(0, 1), (1, 2), (2, 1), (3, 2)]
    assert [row["_runtime"] for row in rows] == sorted(row["_runtime"] for row in rows)
    assert run.config == {"at": "allow"}
    printed = importing.file("resumed/resumed1", "output.log")
    assert printed.index(b"resume is None") < printed.index(b"resume is allow")


def test_a_run_begun_anew_is_the_newest_and_the_others_are_told(
    written: Written, importing: Importing
) -> None:
    report = importing(written.folder / "ends")

    assert report.damaged == [
        ("again", ("it was begun anew: 1 earlier runs of its id are not imported",))
    ]
    assert len(list(importing.run("ends/again").scan_history())) == 1


def test_another_run_with_the_id_of_one_that_is_there_is_refused(
    written: Written, importing: Importing
) -> None:
    older, newer = sorted(written.folder.rglob("run-again.wandb"))
    importing(older)

    [(_, error)] = importing(newer).failed

    assert isinstance(error, Conflict)


def test_only_links_that_the_run_saved_are_followed(
    written: Written, importing: Importing, tmp_path: Path
) -> None:
    log = written.copy("failed", tmp_path / "copy")
    (tmp_path / "secret").write_text("secret")
    (log.parent / "files" / "evil").symlink_to(tmp_path / "secret")

    importing(log)
    importing(written.folder / "full")

    assert "evil" not in {file.name for file in importing.run("ends/failed").files()}
    assert next((written.folder / "full").rglob("files/saved.txt")).is_symlink()
    assert importing.file(FULL, "saved.txt") == b"saved"


def test_a_file_that_is_added_later_comes_with_the_next_import(
    written: Written, importing: Importing, tmp_path: Path
) -> None:
    log = written.copy("failed", tmp_path / "copy")
    importing(log)
    (log.parent / "files" / "more.txt").write_text("more")

    report = importing(log)

    assert len(report.updated) == 1
    assert importing.file("ends/failed", "more.txt") == b"more"


def test_a_namespace_goes_before_what_the_run_says(written: Written, importing: Importing) -> None:
    home = Namespace("else", "where")
    runs = runs_at(written.folder / "full", home)
    import_runs(importing.house.workspace, runs, namespace=home)

    assert importing.run("else/where/full0001").name == "first try"
    with pytest.raises(RunNotFound):
        importing.run(FULL)


def test_importing_again_writes_nothing(written: Written, importing: Importing) -> None:
    importing(written.folder / "artifacts")
    before = importing.keys()

    again = importing(written.folder / "artifacts")

    assert [path.id for path in again.unchanged] == ["maker001", "maker002"]
    assert importing.keys() == before


def test_what_other_releases_wrote_is_read(written: Written, importing: Importing) -> None:
    report = importing(written.log("typed"))

    run = importing.run("crafted/typed")
    first, second = run.scan_history()
    assert report.damaged[0][1] == ("its sweep sw1 is not imported: W&B's server has it",)
    assert {name: each for name, each in first.items() if not name.startswith("_")} == {
        "i": -5, "d": 0.5, "b": True, "t": "words", "n": None, "j": [1, 2],
        "old.nested.x": 1, "old.m": {"_type": "histogram"},
    }  # fmt: skip
    assert (first["_step"], second["_step"]) == (4, 7)
    assert first["_timestamp"] == 1_700_000_000
    assert (second["x"], second["big"]) == ("Infinity", "9" * 70_000)
    assert run.rawconfig == {"a": {"b": 1}}
    assert run.summary["s"] == {"y": 2}
    assert run.state == "crashed"


def test_records_of_runs_with_a_server_are_read(written: Written, importing: Importing) -> None:
    base = importing.house.workspace.within(None, "crafted")
    used = importing.house.draft({"a": "b"}, name="base")
    used._save(base, base.entity, base.project)

    report = importing(written.log("server"))

    run = importing.run("crafted/server")
    assert run.metadata == {
        "os": "Linux", "program": "train.py", "username": "bob", "host": "gpu7", "cpu_count": 4,
        "gpu_count": 2, "args": ["--data", "s3://bucket/x"],
        "git": {"remote": "https://host/repo.git", "commit": "c0ffee"},
    }  # fmt: skip
    assert [each.id for each in run.used_artifacts()] == [used.id]
    assert importing.file("crafted/server", "output.log") == b"printed\n"
    assert run.runtime == 60
    [(_, told)] = report.damaged
    assert [line.partition(":")[0] for line in told] == [
        "file vanished.txt is not there any more",
        "file ../../escape is not there any more",
        "artifact gone",
        "artifact shared is a part of one that several runs make",
        "artifact lost was not imported",
        "artifact forged was not imported",
    ]


def test_a_path_without_runs_is_refused(importing: Importing, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(ArgumentInvalid, match="no run of W&B lies in"):
        runs_at(tmp_path / "empty")
    with pytest.raises(FileNotFoundError):
        runs_at(tmp_path / "nothing")


def test_the_metadata_file_of_older_releases_is_read_without_credentials(
    written: Written, importing: Importing, tmp_path: Path
) -> None:
    log = written.copy("typed", tmp_path / "copy")
    said = {"args": ["--key", "s3://a:b@bucket/x"], "program": "other.py", "codePath": "x.py",
            "git": {"remote": "https://u:p@host/r", "commit": "c0"}}  # fmt: skip
    (log.parent / "files").mkdir()
    (log.parent / "files" / "wandb-metadata.json").write_text(json.dumps(said))

    importing(log)

    assert importing.run("crafted/typed").metadata == {
        "args": ["--key", "s3://bucket/x"], "program": "other.py", "codePath": "x.py",
        "git": {"remote": "https://host/r", "commit": "c0"},
    }  # fmt: skip
