"""The index of runs follows the store, whatever happens to it or to the store."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.artifacts.world import World

from wbart.errors import RunNotFound
from wbart.query import parse, parse_order
from wbart.recording.heartbeat import beat
from wbart.recording.increment import Edge
from wbart.recording.path import RunPath
from wbart.recording.record import read_record
from wbart.recording.writer import RunWriter
from wbart.runindex.fields import SCHEMA
from wbart.runindex.index import NAME, Index
from wbart.runindex.segments import Home, live_runs, merge
from wbart.workspace import Workspace
from wbart_manifest.digest import Digest
from wbart_storage.around.readonly import ReadOnly
from wbart_storage.cache.cache import Cache
from wbart_storage.clock import FixedClock
from wbart_storage.keys import increment_key, run_prefix
from wbart_storage.objects import ObjectStore

HOME = Home("ent", "proj")


class Bench:
    """A store with a clock that stands still, and ways to fill it."""

    def __init__(self, folder: Path) -> None:
        settings = World(folder).settings
        opened = Workspace.open(settings)
        self.clock = FixedClock()
        self.workspace = Workspace(settings, replace(opened.store, clock=self.clock))
        self.objects: ObjectStore = opened.store.objects
        self.index = Index.open(self.workspace)

    def writer(self, run: str, project: str = "proj", number: int = 0) -> RunWriter:
        return RunWriter(
            self.objects, RunPath("ent", project, run), "ada", self.clock, number, lambda _: None
        )

    def finished(self, *runs: str, project: str = "proj", **fields: Any) -> None:
        for run in runs:
            made = self.writer(run, project)
            made.start({"name": f"the {run}", "state": "running", **fields}, fresh=True)
            made.finish({"state": "finished"})

    def merge(self, least: int = 1) -> int:
        return merge(self.objects, HOME, self.clock, "ada", least=least, quiet=0)

    def edit(self, run: str, **fields: Any) -> None:
        record = read_record(self.objects, RunPath(*HOME, run))
        self.writer(run, number=record.next).edit(fields)

    def ids(
        self,
        filters: dict[str, object] | None = None,
        order: str = "+created_at",
        limit: int | None = None,
        after: str | None = None,
    ) -> list[str]:
        self.index.sync(*HOME)
        rows = self.index.runs(
            *HOME, parse(filters, SCHEMA), parse_order(order, SCHEMA), limit, after
        )
        return [row.path.id for row in rows]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def edge(name: str) -> Edge:
    return Edge(name, *HOME, "data", 0, "dataset")


def test_a_fresh_run_is_there_at_the_next_query(bench: Bench) -> None:
    assert bench.ids() == []
    bench.writer("a").start({"state": "running"}, fresh=True)
    assert bench.ids() == ["a"]
    bench.clock.advance(1)
    bench.finished("b")
    assert bench.ids() == ["a", "b"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"name": "b"}, ["b"]),
        ({"display_name": "the b"}, ["b"]),
        ({"displayName": {"$regex": "^the"}}, ["a", "b"]),
        ({"config.lr": {"$gt": 1}}, ["b"]),
        ({"config.lr.value": {"$gt": 1}}, ["b"]),
        ({"config.net.depth": 3}, ["a"]),
        ({"summary_metrics.loss": {"$lt": 1}, "state": "finished"}, ["a"]),
        ({"summary.loss": {"$exists": True}}, ["a"]),
        ({"tags": {"$in": ["x"]}}, ["b"]),
        ({"jobType": "train", "group": "g", "notes": "n", "sweep": "s"}, ["b"]),
        ({"job_type": None}, ["a"]),
        ({"createdAt": {"$gt": "2023-11-14T22:13:20.5"}}, ["b"]),
        ({"host": "h", "username": "u", "commit": "c"}, ["b"]),
        ({"user": "ada"}, ["a"]),
        ({"duration": {"$gte": 2}}, ["b"]),
        ({"entity": "ent", "project": "proj"}, ["a", "b"]),
        ({"heartbeatAt": {"$lt": "2023-11-14T22:13:20.5Z"}}, ["a"]),
    ],
)
def test_runs_are_found_by_their_fields(
    bench: Bench, filters: dict[str, object], found: list[str]
) -> None:
    bench.finished("a", config={"lr": 0.5, "net": {"depth": 3}}, summary={"loss": 0.5})
    bench.clock.advance(1)
    bench.finished(
        "b",
        config={"lr": 2},
        tags=["x", "y"],
        job_type="train",
        group="g",
        notes="n",
        sweep="s",
        runtime=2.5,
        metadata={"host": "h", "username": "u", "git": {"commit": "c"}},
    )
    assert bench.ids(filters) == found
    assert bench.index.count(*HOME, parse(filters, SCHEMA)) == len(found)
    bench.merge()
    assert bench.ids(filters) == found
    with Index.open(Bench(bench.workspace.store.local.parents[1] / "other").workspace) as empty:
        assert empty.count(*HOME) == 0


def test_pages_follow_one_another_in_any_order(bench: Bench) -> None:
    for number, loss in enumerate([3, None, 1, 2, 2, None, "text"]):
        summary = {} if loss is None else {"loss": loss}
        bench.finished(f"r{number}", summary=summary)
    for order in ("+summary.loss", "-summary.loss", "+created_at", "-name"):
        whole = bench.ids(order=order)
        paged: list[str] = []
        while page := bench.ids(order=order, limit=2, after=paged[-1] if paged else None):
            paged += page
        assert paged == whole
        assert len(whole) == 7
    assert bench.ids(order="+summary.loss") == ["r2", "r3", "r4", "r0", "r6", "r1", "r5"]


def test_a_page_behind_a_run_that_is_gone_is_not_found(bench: Bench) -> None:
    with pytest.raises(RunNotFound, match="ent/proj/x"):
        bench.ids(after="x")


def test_an_edit_is_seen_before_and_after_a_merge(bench: Bench) -> None:
    bench.finished("a", "b")
    assert bench.ids({"notes": "good"}) == []
    bench.edit("a", notes="good")
    assert bench.ids({"notes": "good"}) == ["a"]
    bench.merge()
    bench.edit("b", notes="good")
    assert bench.ids({"notes": "good"}) == ["a", "b"]
    with Index.open(bench.workspace) as other:
        assert other.count(*HOME, parse({"notes": "good"}, SCHEMA)) == 2


def test_a_new_index_reads_segments_and_what_came_after(bench: Bench) -> None:
    bench.finished("a", "b")
    bench.merge()
    bench.edit("b", notes="late")
    bench.finished("c")
    (bench.workspace.store.local / NAME).unlink()
    bench.index.close()
    bench.index = Index.open(bench.workspace)

    assert bench.ids() == ["a", "b", "c"]
    assert bench.ids({"notes": "late"}) == ["b"]


def test_a_warm_index_does_not_read_the_segment_of_runs_that_it_knows(bench: Bench) -> None:
    bench.finished("a", "b")
    bench.ids()
    bench.merge()
    [segment] = bench.objects.list("runs/ent/proj/seg/")
    data = bench.objects.get(segment.key)
    bench.objects.delete([segment.key])
    assert bench.ids() == ["a", "b"]
    bench.objects.put(segment.key, data)
    assert bench.ids() == ["a", "b"]


def test_the_record_of_a_row_is_the_run_s(bench: Bench) -> None:
    run = bench.writer("a")
    run.start({"state": "running", "config": {"a": {"b": 2**70}}}, fresh=True)
    run.update({"summary": {"x": 1}}, used=(edge("v1"),), logged=(edge("v2"),))
    expected = read_record(bench.objects, RunPath(*HOME, "a"))
    bench.index.sync(*HOME)
    assert bench.index.runs(*HOME)[0].record == expected
    run.finish({"state": "finished"})
    bench.merge()
    bench.index.sync(*HOME)
    assert bench.index.runs(*HOME)[0].record == read_record(bench.objects, RunPath(*HOME, "a"))


def test_a_run_under_way_shows_its_last_sign_of_life(bench: Bench) -> None:
    bench.writer("a").start({"state": "running", "summary": {"loss": 9}}, fresh=True)
    bench.clock.advance(100)
    path = RunPath(*HOME, "a")
    beat(bench.objects, path, bench.clock.now(), {"summary": {"loss": 1}, "runtime": 100.0})

    assert bench.ids({"summary.loss": 1, "duration": {"$gte": 100}}) == ["a"]
    row = bench.index.runs(*HOME)[0]
    assert row.seen.summary == {"loss": 1}
    assert row.record.fields["summary"] == {"loss": 9}
    assert row.seen.heartbeat == bench.clock.now()


def test_a_run_that_falls_silent_is_told_as_crashed_and_may_come_back(bench: Bench) -> None:
    bench.writer("a").start({"state": "running"}, fresh=True)
    assert bench.ids({"state": "running"}) == ["a"]
    bench.clock.advance(301)
    assert bench.ids({"state": "crashed"}) == ["a"]
    beat(bench.objects, RunPath(*HOME, "a"), bench.clock.now(), {})
    assert bench.ids({"state": "running"}) == ["a"]
    bench.clock.advance(7 * 86400)
    assert bench.ids({"state": "crashed"}) == ["a"]
    assert bench.ids({"state": "crashed"}) == ["a"]
    bench.writer("a", number=1).start({"state": "running"}, fresh=False)
    assert bench.ids({"state": "running"}) == ["a"]


def test_a_deleted_run_is_found_no_more(bench: Bench) -> None:
    bench.finished("a", "b")
    bench.edit("a", deleted=bench.clock.now())
    assert bench.ids() == ["b"]
    assert bench.index.count(*HOME) == 1


def test_a_run_that_vanished_from_the_store_vanishes_and_may_be_another_later(
    bench: Bench,
) -> None:
    bench.finished("a", "b")
    assert bench.ids() == ["a", "b"]
    prefix = run_prefix(*HOME, "a")
    bench.objects.delete([increment_key(prefix, 0), increment_key(prefix, 1)])
    assert bench.ids() == ["b"]
    bench.writer("a").start({"notes": "another"}, fresh=True)
    bench.objects.delete([increment_key(run_prefix(*HOME, "b"), number) for number in (0, 1)])
    bench.writer("b").start({"notes": "another"}, fresh=True)
    assert bench.ids({"notes": "another"}) == ["a", "b"]


def test_enough_runs_that_are_over_are_merged_by_who_looks(bench: Bench) -> None:
    bench.finished(*(f"r{number:03d}" for number in range(200)))
    assert len(bench.ids()) == 200
    assert len(live_runs(bench.objects, HOME)) == 200
    bench.clock.advance(3600)
    assert len(bench.ids()) == 200
    assert live_runs(bench.objects, HOME) == {}
    assert len(bench.ids()) == 200
    bench.edit("r007", notes="x")
    assert bench.ids({"notes": "x"}) == ["r007"]


def test_who_may_not_write_merges_nothing_and_is_answered(bench: Bench) -> None:
    bench.finished(*(f"r{number:03d}" for number in range(200)))
    bench.clock.advance(3600)
    store = replace(bench.workspace.store, objects=ReadOnly(bench.objects))
    bench.index = Index.open(Workspace(bench.workspace.settings, store))

    assert len(bench.ids()) == 200
    assert len(live_runs(bench.objects, HOME)) == 200


@pytest.mark.parametrize("damage", [b"", b"no database", b"SQLite format 3\0" + b"\xff" * 9000])
def test_a_damaged_index_is_begun_anew(bench: Bench, damage: bytes) -> None:
    bench.finished("a")
    assert bench.ids() == ["a"]
    bench.index.close()
    for path in bench.workspace.store.local.glob(f"{NAME}*"):
        path.unlink()
    (bench.workspace.store.local / NAME).write_bytes(damage)
    bench.index = Index.open(bench.workspace)

    assert bench.ids() == ["a"]


def test_an_index_that_is_damaged_while_open_is_begun_anew(bench: Bench) -> None:
    bench.finished(*(f"r{number}" for number in range(50)))
    assert len(bench.ids()) == 50
    bench.index._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file = bench.workspace.store.local / NAME
    file.write_bytes(b"\xff" * file.stat().st_size)
    bench.index._db.execute("PRAGMA cache_size = 0")

    assert len(bench.ids()) in (0, 50)
    assert len(bench.ids()) == 50


def test_an_index_of_another_layout_is_begun_anew(bench: Bench) -> None:
    bench.finished("a")
    bench.ids()
    bench.index._db.execute("PRAGMA user_version = 999")
    bench.index._db.execute("DROP TABLE edge")
    bench.index.close()
    bench.index = Index.open(bench.workspace)
    assert bench.ids() == ["a"]


def test_a_damaged_increment_hides_no_other_run(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.finished("a", "b")
    bench.objects.put(increment_key(run_prefix(*HOME, "a"), 1), b"{")
    assert bench.ids() == ["b"]
    assert "ent/proj/a" in caplog.text


def test_many_at_once_agree(bench: Bench) -> None:
    bench.finished(*(f"r{number}" for number in range(30)))
    bench.merge()
    for number in range(30):
        bench.edit(f"r{number}", notes="x")
    answers: list[int] = []

    def look() -> None:
        with Index.open(bench.workspace) as index:
            for _ in range(5):
                index.sync(*HOME)
                answers.append(index.count(*HOME, parse({"notes": "x"}, SCHEMA)))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [30] * 20


def test_who_used_and_logged_a_version_is_known_across_projects(bench: Bench) -> None:
    maker, user, other = bench.writer("m"), bench.writer("u"), bench.writer("o", "elsewhere")
    maker.start({}, fresh=True)
    maker.update({}, used=(edge("raw"),), logged=(edge("v1"), edge("v2")))
    bench.clock.advance(1)
    for run, made in ((user, "w1"), (other, "w2")):
        run.start({}, fresh=True)
        run.update({}, used=(edge("v1"),), logged=(edge(made),))
        bench.clock.advance(1)
    bench.index.sync_all()
    edges = bench.index.edges

    assert [str(path) for path in bench.index.users_of("v1")] == ["ent/proj/u", "ent/elsewhere/o"]
    assert [str(path) for path in edges.producers("v2")] == ["ent/proj/m"]
    assert edges.ancestors("w1") == [("v1", 1), ("raw", 2)]
    assert edges.descendants("raw") == [("v1", 1), ("v2", 1), ("w1", 2), ("w2", 2)]
    assert edges.descendants("raw", depth=1) == [("v1", 1), ("v2", 1)]
    user.edit({"deleted": 1.0})
    bench.index.sync_all()
    assert [str(path) for path in edges.consumers("v1")] == ["ent/elsewhere/o"]
    assert ("w1", 2) not in edges.descendants("raw")


def test_versions_in_a_circle_end_the_walk(bench: Bench) -> None:
    for run, used, logged in (("a", "x", "y"), ("b", "y", "x")):
        made = bench.writer(run)
        made.start({}, fresh=True)
        made.update({}, used=(edge(used),), logged=(edge(logged),))
    bench.index.sync_all()
    assert bench.index.edges.ancestors("x") == [("y", 1)]


def test_the_cache_of_a_distant_store_keeps_its_own_database(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench(tmp_path)
    local, data = bench.workspace.store.local, b"kept"
    digest = Digest.of(data).raw
    for _ in range(2):
        cache = Cache(local, "blake3", bench.clock, lambda _: 10**9)
        file = cache.bring(digest, len(data), lambda start, end: data[start:end])
        assert file is not None
        file.close()
        with Index.open(bench.workspace) as index:
            index.sync(*HOME)

    assert "unusable" not in caplog.text
