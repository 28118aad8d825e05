"""What a run logs reaches the store in the background, by way of a spool on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.artifacts.world import World

from wbart.errors import Conflict
from wbart.recording.heartbeat import SILENCE, last_beat, observed_state
from wbart.recording.history import History
from wbart.recording.path import RunPath
from wbart.recording.record import RunRecord, read_record
from wbart.recording.recorder import Recorder
from wbart.recording.spool import Spool, orphans
from wbart.recording.writer import RunWriter
from wbart.runs.historyparts import HistoryParts
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.clock import FixedClock
from wbart_storage.errors import StorageError, StoreUnavailable
from wbart_storage.keys import history_key, run_prefix

PATH = RunPath("ent", "proj", "r")
PREFIX = run_prefix("ent", "proj", "r")


class Bench:
    """A recorder over memory that ticks when it is told to. Tests end it with `finish`."""

    def __init__(self, folder: Path, objects: MemoryObjects | None = None) -> None:
        self.folder = folder
        self.clock = FixedClock(1000.0)
        self.objects = objects or MemoryObjects()
        self.history = History(self.clock)
        writer = RunWriter(self.objects, PATH, "ada", self.clock, wait=lambda _: None)
        writer.start({"state": "running"}, fresh=True)
        self.summary: dict[str, Any] = {}
        self.spool = Spool.begin(folder, PATH, writer.id)
        self.recorder = Recorder(
            self.objects, self.history, self.spool, self.parts(), writer, self.state, self.clock
        )

    def tick(self) -> None:
        self.recorder.spool()
        self.recorder.store()

    def state(self) -> dict[str, Any]:
        return {"state": "running", "summary": dict(self.summary), "runtime": self.history.runtime}

    def parts(self) -> HistoryParts:
        return HistoryParts(self.objects, PREFIX, wait=lambda _: None)

    def stored(self) -> list[object]:
        return [row["a"] for row in self.parts().rows()]

    @property
    def record(self) -> RunRecord:
        return read_record(self.objects, PATH)


def test_rows_are_spooled_at_once_and_stored_when_it_is_time(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.history.log({"a": 1})
    bench.tick()
    assert bench.stored() == []
    assert bench.spool.size > 0
    bench.clock.advance(15)
    bench.tick()

    assert bench.stored() == [1]
    assert bench.spool.size == 0
    assert [part.rows for part in bench.record.parts.values()] == [1]
    bench.recorder.finish({})


def test_much_is_stored_before_its_time(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    for number in range(20):
        bench.history.log({"a": number, "text": "x" * 60_000})
    bench.tick()

    assert bench.stored() == list(range(20))
    bench.recorder.finish({})


def test_a_long_run_has_few_parts(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    for number in range(36_000 // 5):
        bench.history.log({"a": number})
        bench.clock.advance(5)
        bench.tick()
    bench.recorder.finish({})

    assert len(bench.stored()) == 7200
    assert bench.parts().count() < 400


def test_what_is_more_than_a_chunk_becomes_several_parts(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    for number in range(100):
        bench.history.log({"a": number, "text": "x" * 100_000})
    parts = bench.recorder.finish({}).get("parts", ())

    assert [part.number for part in parts] == [0, 1, 2]
    assert bench.stored() == list(range(100))


def test_one_row_may_be_longer_than_a_chunk(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.history.log({"a": 1, "text": "x" * (9 << 20)})
    bench.history.log({"a": 2})
    bench.recorder.finish({})

    assert bench.stored() == [1, 2]


def test_rows_wait_while_the_store_is_away(tmp_path: Path) -> None:
    class Down(MemoryObjects):
        up = True

        def create(self, key: str, data: bytes) -> None:
            if not self.up:
                raise StoreUnavailable("down")
            super().create(key, data)

    objects = Down()
    bench = Bench(tmp_path, objects)
    objects.up = False
    bench.history.log({"a": 1})
    bench.clock.advance(15)
    with pytest.raises(StorageError):
        bench.tick()
    objects.up = True
    bench.history.log({"a": 2})
    bench.recorder.finish({})

    assert bench.stored() == [1, 2]
    assert list(orphans(tmp_path)) == []


def test_rows_that_cannot_be_stored_at_the_end_stay_on_this_machine(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.history.log({"a": 1})
    bench.clock.advance(15)
    bench.tick()
    bench.objects.put(history_key(PREFIX, 1), b"another's")
    bench.history.log({"a": 2})
    with pytest.raises(Conflict):
        bench.recorder.finish({"state": "finished"})

    [(path, _, spool)] = orphans(tmp_path)
    assert path == PATH
    assert json.loads(spool.chunk())["a"] == 2
    spool.close(remove=True)


def test_an_open_row_and_the_summary_are_noted(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.history.log({"a": 1}, commit=False)
    bench.summary["best"] = 2
    bench.tick()

    noted = bench.spool.open_()
    assert noted["row"]["a"] == 1
    assert noted["summary"] == {"best": 2}
    bench.recorder.finish({})


def test_a_run_gives_signs_of_life(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.summary["loss"] = 0.5
    bench.clock.advance(15)
    bench.tick()

    assert last_beat(bench.objects, PATH) == {
        "ts": 1015.0, "state": "running", "summary": {"loss": 0.5}, "runtime": 15.0, "step": 0,
    }  # fmt: skip
    assert observed_state(bench.record.fields, 1015.0, 1015.0 + SILENCE) == "running"
    assert observed_state(bench.record.fields, 1015.0, 1016.0 + SILENCE) == "crashed"
    bench.recorder.finish({})


def test_a_finished_run_is_not_told_as_crashed() -> None:
    record = RunRecord(PATH, {"state": "finished"})
    assert observed_state(record.fields, 0.0, 1e9) == "finished"


def test_a_spool_in_use_is_nobodys_orphan(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert list(orphans(tmp_path)) == []
    bench.recorder.finish({})
    assert list(tmp_path.iterdir()) == []


def test_a_run_needs_no_cache_folder(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    world = World(tmp_path)
    with world.run():
        pass
    local = next((tmp_path / "cache").iterdir())
    (local / "spool").write_text("in the way")
    with world.run(id="r") as run:
        run.log({"a": 1})
    found = HistoryParts(run.workspace.store.objects, PREFIX)

    assert "may lose rows" in caplog.text
    assert [row["a"] for row in found.rows()] == [1]
