"""How runs of any source become runs of a store: whole, once, and each for itself."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.artifacts.house import House

from wbart import Histogram
from wbart.api import Api
from wbart.apis.importers import (
    ImportedArtifact,
    ImportedRun,
    ImportReport,
    Namespace,
    import_runs,
)
from wbart.artifact import Artifact
from wbart.errors import ArgumentInvalid, Conflict, IntegrityError, RunNotFound
from wbart.runs.publicrun import PublicRun
from wbart_storage.progress import Event

STARTED = 1_600_000_000.0


def made(id_: str = "r1", **more: Any) -> ImportedRun:
    """A run of a source that does not exist."""
    rows = [{"_step": 3 * n, "_timestamp": STARTED + n, "_runtime": n, "loss": 1 / (n + 1)}
            for n in range(4)]  # fmt: skip
    said: dict[str, Any] = {
        "source": "fake://server/runs",
        "fingerprint": "one",
        "name": "first try",
        "config": {"rate": 0.1, "nested": {"depth": 2}},
        "summary": {"loss": 0.25, "_step": 9},
        "notes": "by hand",
        "tags": ("old",),
        "group": "g",
        "job_type": "train",
        "started": STARTED,
        "ended": STARTED + 60.0,
        "metadata": {"program": "train.py", "host": "gpu7", "username": "bob",
                     "git": {"commit": "c0ffee"}},
        "rows": lambda: rows,
        **more,
    }  # fmt: skip
    return ImportedRun(id=id_, **said)


def draft(content: str = "w", name: str = "net") -> Artifact:
    artifact = Artifact(name, "model")
    with artifact.new_file("w.bin") as file:
        file.write(content)
    return artifact


def logs(content: str = "w", **more: Any) -> Callable[[], list[ImportedArtifact]]:
    return lambda: [ImportedArtifact(lambda: draft(content), **more)]


def taken(house: House, *runs: Any, **more: Any) -> ImportReport:
    return import_runs(house.workspace, runs, **more)


def run_of(house: House, path: str = "zoo/r1") -> PublicRun:
    return Api._within(house.workspace).run(path)


def objects(house: House) -> dict[str, int]:
    """All objects of the store, and when each was written."""
    return {
        str(path.relative_to(house.store)): path.stat().st_mtime_ns
        for path in house.store.rglob("*") if path.is_file()
    }  # fmt: skip


def test_an_imported_run_reads_as_any_other(house: House) -> None:
    report = taken(house, made())

    assert [str(path) for path in report.imported] == ["ann/zoo/r1"]
    assert report.complete
    run = run_of(house)
    assert (run.name, run.state, run.notes) == ("first try", "finished", "by hand")
    assert (run.tags, run.group, run.job_type) == (["old"], "g", "train")
    assert run.created_at == "2020-09-13T12:26:40.000000Z"
    assert run.heartbeat_at == "2020-09-13T12:27:40.000000Z"
    assert run.config == {"rate": 0.1, "nested": {"depth": 2}}
    assert run.summary["loss"] == 0.25
    assert run.commit == "c0ffee"
    assert [row["_step"] for row in run.scan_history()] == [0, 3, 6, 9]
    assert [row["loss"] for row in run.history(pandas=False)] == [1.0, 0.5, 1 / 3, 0.25]
    assert run.lastHistoryStep == 9
    assert run._record.ended  # so that it is merged, and read fast


def test_the_index_of_runs_has_it(house: House) -> None:
    taken(house, made(), made("r2", started=STARTED + 5, state="failed", exit_code=1))
    api = Api._within(house.workspace)

    assert [run.id for run in api.runs("ann/zoo")] == ["r1", "r2"]
    assert [run.id for run in api.runs("zoo", {"state": "failed"})] == ["r2"]
    assert [run.id for run in api.runs("zoo", {"username": "bob", "duration": 55})] == ["r2"]


def test_nothing_of_this_machine_is_told_as_the_runs(house: House) -> None:
    taken(house, made(metadata={}))

    run = run_of(house)
    assert run.metadata == {}
    assert run.username == ""
    assert socket.gethostname() not in str(run._record)


def test_one_that_goes_on_is_alive_for_now(house: House) -> None:
    taken(house, made(state="running", ended=None))

    assert run_of(house).state == "running"
    house.clock.advance(1000)
    assert run_of(house).state == "crashed"


def test_it_logs_and_uses_versions(house: House) -> None:
    other = ImportedArtifact(lambda: draft("data", "set"), used=True)
    taken(house, made(artifacts=lambda: [*logs(aliases=("best",), tags=("t",))(), other]))

    run = run_of(house)
    (logged,) = run.logged_artifacts()
    (used,) = run.used_artifacts()
    assert (logged.name, logged.aliases, logged.tags) == ("net:v0", ["best", "latest"], ["t"])
    assert logged.logged_by() == run
    assert (used.name, used.logged_by(), used.used_by()) == ("set:v0", None, [run])


def test_a_version_that_is_there_already_can_be_used(house: House) -> None:
    there = house.save(house.draft({"a": "1"}))
    given = Api._within(house.workspace).artifact("data:v0")

    taken(house, made(artifacts=lambda: [ImportedArtifact(lambda: given, used=True)]))

    assert [each.id for each in run_of(house).used_artifacts()] == [there.id]


def test_it_keeps_its_files_and_what_the_machine_did(house: House) -> None:
    log = house.file("elsewhere/output.log", "hello\n")
    samples = [{"_step": n, "_timestamp": STARTED + n, "cpu": n} for n in range(3)]

    taken(house, made(files=lambda: [("logs/output.log", log)], events=lambda: samples))

    run = run_of(house)
    with run.file("logs/output.log").download(str(house.folder / "down")) as file:
        assert file.read() == "hello\n"
    assert run.system_metrics == {"cpu": 2}


def test_what_no_json_has_and_objects_survive_in_rows(house: House) -> None:
    rows = [
        {"_step": 0, "x": float("nan"), "y": float("inf"), "deep": {"a": 1}},
        {"_step": 1, "h": Histogram([1, 2, 3], num_bins=2), "i": {"_type": "image-file", "w": 1}},
    ]
    taken(house, made(rows=lambda: rows))

    first, second = run_of(house).scan_history()
    assert (first["x"], first["y"], first["deep.a"]) == ("NaN", "Infinity", 1)
    assert second["h"]["_type"] == "histogram"
    assert second["i"] == {"_type": "image-file", "w": 1}


def test_many_rows_make_several_parts(house: House) -> None:
    rows = [{"_step": n, "text": "x" * 1000} for n in range(3000)]

    taken(house, made(rows=lambda: rows))

    run = run_of(house)
    assert len(run._record.parts) > 1
    assert [row["_step"] for row in run.scan_history()] == list(range(3000))


def test_importing_again_writes_nothing(house: House) -> None:
    runs = [made(artifacts=logs()), made("r2")]
    taken(house, *runs)
    before = objects(house)

    report = taken(house, *runs)

    assert [path.id for path in report.unchanged] == ["r1", "r2"]
    assert objects(house) == before


def test_what_has_changed_is_changed_in_place(house: House) -> None:
    log = house.file("a.log", "1")
    samples = [{"_step": 0, "cpu": 1}]
    first = made(artifacts=logs(), files=lambda: [("a.log", log)], events=lambda: samples,
                 state="running", ended=None)  # fmt: skip
    taken(house, first)
    run_of(house).upload_file(house.file("mine.txt", "mine"), house.folder)

    more = [*samples, {"_step": 1, "cpu": 2}]
    rows = [{"_step": n, "acc": n} for n in range(6)]
    second = replace(first, fingerprint="two", rows=lambda: rows, events=lambda: more,
                     state="finished", ended=STARTED + 90.0, notes=None)  # fmt: skip
    report = taken(house, second)

    assert [path.id for path in report.updated] == ["r1"]
    run = run_of(house)
    assert (run.state, run.notes) == ("finished", None)
    assert [row["acc"] for row in run.scan_history()] == list(range(6))
    assert [row["cpu"] for row in run.history(pandas=False, stream="system")] == [1, 2]
    assert [each.name for each in run.logged_artifacts()] == ["net:v0"]
    assert {"a.log", "mine.txt"} <= {file.name for file in run.files()}
    assert run.created_at == "2020-09-13T12:26:40.000000Z"


def test_what_was_deleted_here_comes_back(house: House) -> None:
    taken(house, made())
    run_of(house).delete()
    with pytest.raises(RunNotFound):
        run_of(house)

    taken(house, made())

    assert run_of(house).state == "finished"


def test_a_run_of_our_own_is_not_overwritten(house: House) -> None:
    Api._within(house.workspace).create_run(run_id="r1", project="zoo")

    report = taken(house, made(), made("r2"))

    [(id_, error)] = report.failed
    assert id_ == "r1"
    assert isinstance(error, Conflict)
    assert [path.id for path in report.imported] == ["r2"]
    assert run_of(house).state == "running"


def test_a_run_of_another_source_is_not_overwritten(house: House) -> None:
    taken(house, made())

    report = taken(house, made(source="fake://other", fingerprint="two"))

    assert isinstance(report.failed[0][1], Conflict)


def test_a_run_that_moved_with_its_source_is_the_same(house: House) -> None:
    taken(house, made(origin="fake"))

    report = taken(house, made(origin="fake", source="fake://moved", fingerprint="two"))

    assert [path.id for path in report.updated] == ["r1"]


@dataclass(frozen=True)
class Broken:
    """A source that cannot be read."""

    id: str
    lane: str = ""

    def read(self) -> ImportedRun:
        raise ArgumentInvalid(f"{self.id}: no run")


def broken_rows() -> Iterator[dict[str, Any]]:
    yield {"_step": 0}
    raise ArgumentInvalid("the disk is broken")


def test_a_broken_run_costs_no_other(house: House) -> None:
    runs = [made("a"), Broken("b"), made("c"), made("d", rows=broken_rows), made("e")]

    report = taken(house, *runs)

    assert [path.id for path in report.imported] == ["a", "c", "e"]
    assert [id_ for id_, _ in report.failed] == ["b", "d"]
    assert report.troubles[0] == "run b was not imported: b: no run"
    with pytest.raises(RunNotFound):
        run_of(house, "zoo/d")


def test_a_run_that_failed_is_not_seen_at_all(house: House) -> None:
    def artifacts() -> Iterator[ImportedArtifact]:
        raise ArgumentInvalid("gone")
        yield

    taken(house, made(artifacts=artifacts, files=lambda: [("f", house.file("f"))]))

    assert not list(Api._within(house.workspace).runs("zoo"))


def test_steps_must_not_go_down(house: House) -> None:
    report = taken(house, made(rows=lambda: [{"_step": 1}, {"_step": 0}]))

    assert "must not go down" in str(report.failed[0][1])


def test_digests_are_compared(house: House) -> None:
    report = taken(house, made(artifacts=logs(digest="blake3:00")))

    assert isinstance(report.failed[0][1], IntegrityError)
    assert not house.workspace.catalog.exists("ann", "zoo", "net")


def test_what_could_not_be_read_is_told_each_time(house: House) -> None:
    run = made()

    def rows() -> Iterator[dict[str, Any]]:
        run.problems.append("metric loss: line 3 is no measurement")
        yield {"_step": 0}

    wounded = replace(run, rows=rows)
    reports = [taken(house, wounded), taken(house, replace(wounded, problems=[]))]

    assert [report.complete for report in reports] == [False, False]
    for report in reports:
        assert report.troubles == ["run r1: metric loss: line 3 is no measurement"]
    assert [path.id for path in reports[1].unchanged] == ["r1"]


def test_artifacts_can_stay_behind_and_come_later(house: House) -> None:
    taken(house, made(artifacts=logs()), artifacts=False)
    assert not list(run_of(house).logged_artifacts())

    report = taken(house, made(artifacts=logs()))
    again = taken(house, made(artifacts=logs()), artifacts=False)

    assert [path.id for path in report.updated] == ["r1"]
    assert [path.id for path in again.unchanged] == ["r1"]
    assert [each.name for each in run_of(house).logged_artifacts()] == ["net:v0"]


def test_a_version_that_waits_for_its_run_is_found_again(house: House) -> None:
    """As after a kill between the artifacts and the record."""

    def fails(run: ImportedRun) -> ImportedRun:
        def artifacts() -> Iterator[ImportedArtifact]:
            yield from logs("one")()
            raise ArgumentInvalid("killed")

        return replace(run, artifacts=artifacts)

    taken(house, fails(made()))
    taken(house, made("r2", artifacts=logs("two")))

    taken(house, made(artifacts=logs("one")))

    assert [each.name for each in run_of(house).logged_artifacts()] == ["net:v0"]
    assert Api._within(house.workspace).artifact("net:latest").version == "v1"


def test_runs_of_one_lane_make_versions_in_their_order(house: House) -> None:
    runs = [made(f"r{n}", lane="net", artifacts=logs(str(n))) for n in range(12)]

    taken(house, *runs, max_workers=6)

    for number in range(12):
        (logged,) = run_of(house, f"zoo/r{number}").logged_artifacts()
        assert logged.version == f"v{number}"


def test_it_goes_where_the_namespace_says(house: House) -> None:
    space = Namespace("eve", "lab")
    report = taken(house, made(project="elsewhere"), namespace=space)
    other = taken(house, made(project="elsewhere"))

    assert [str(path) for path in report.imported] == ["eve/lab/r1"]
    assert [str(path) for path in other.imported] == ["ann/elsewhere/r1"]
    assert (space.path, Namespace.from_path("eve/lab")) == ("eve/lab", space)
    assert Namespace("", "lab").send_manager_overrides == {"project": "lab"}


@pytest.mark.parametrize("path", ["", "lab", "eve/", "/lab", "a/b/c"])
def test_a_namespace_is_an_entity_and_a_project(path: str) -> None:
    with pytest.raises(ArgumentInvalid):
        Namespace.from_path(path)


@pytest.mark.parametrize("parallel", [True, False])
def test_progress_counts_the_runs(house: House, parallel: bool) -> None:
    seen: list[Event] = []

    taken(house, *(made(f"r{n}") for n in range(5)), progress=seen.append, parallel=parallel)

    assert [(event.kind, event.files, event.total_files) for event in seen] == [
        ("import", n, 5) for n in range(1, 6)
    ]


def test_what_stops_the_source_ends_what_was_begun(house: House) -> None:
    def runs() -> Iterator[ImportedRun]:
        yield made()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_runs(house.workspace, runs(), parallel=False)

    assert taken(house, made(), made("r2")).complete


def test_bad_workers_are_told(house: House) -> None:
    with pytest.raises(ArgumentInvalid, match="max_workers must be 1 or more"):
        taken(house, max_workers=0)


def test_a_draft_goes_to_the_store_it_is_imported_to(house: House, tmp_path: Path) -> None:
    other = House.build(tmp_path / "other")

    import_runs(other.workspace, [made(artifacts=logs())])

    (logged,) = run_of(other).logged_artifacts()
    assert Path(logged.download(str(tmp_path / "down")), "w.bin").read_text() == "w"
    assert not [key for key in objects(house) if key.startswith(("o/", "p/", "c/"))]
