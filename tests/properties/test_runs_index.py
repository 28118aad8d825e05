"""Whatever happens to runs in whichever order, the index finds what their records say."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from wbart.errors import Conflict
from wbart.query import holds, parse, parse_order
from wbart.recording.heartbeat import beat, last_beat
from wbart.recording.increment import Edge
from wbart.recording.path import RunPath
from wbart.recording.record import read_record
from wbart.recording.writer import RunWriter
from wbart.runindex.fields import SCHEMA, is_deleted, row_of
from wbart.runindex.index import Index
from wbart.runindex.segments import Home, merge
from wbart.runs.runs import paths
from wbart.settings.settings import Settings
from wbart.workspace import Workspace
from wbart_storage.clock import FixedClock

HOME = Home("ent", "proj")
RUNS = st.sampled_from("abcd")
VALUES = st.one_of(
    st.integers(-2, 2),
    st.sampled_from([0.5, 2**70, True, None]),
    st.text("ab.{é", max_size=2),
    st.lists(st.integers(0, 2), max_size=2),
)
DOCUMENTS = st.dictionaries(
    st.sampled_from(["x", "y", "x.y", "_wandb"]),
    VALUES | st.dictionaries(st.sampled_from(["y", "y.z", "value"]), VALUES, max_size=2),
    max_size=3,
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "config": DOCUMENTS,
        "summary": DOCUMENTS,
        "notes": st.sampled_from(["n", None]),
        "tags": st.lists(st.sampled_from("st"), max_size=2),
        "runtime": st.integers(0, 9) | st.floats(0, 9),
        "state": st.sampled_from(["failed", "running", "pending"]),
        "deleted": st.sampled_from([None, None, 5.0]),
    },
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("start"), RUNS, FIELDS),
        st.tuples(st.just("resume"), RUNS, FIELDS),
        st.tuples(st.just("update"), RUNS, FIELDS),
        st.tuples(st.just("finish"), RUNS, FIELDS),
        st.tuples(st.just("edit"), RUNS, FIELDS),
        st.tuples(st.just("late edit"), RUNS, FIELDS),
        st.tuples(st.just("beat"), RUNS, FIELDS),
        st.tuples(st.just("use"), RUNS, FIELDS),
        st.tuples(st.just("merge"), st.integers(1, 3), st.integers(1, 3)),
        st.tuples(st.just("sync"), st.just(0), st.just(0)),
        st.tuples(st.just("wait"), st.sampled_from([1, 299, 400, 3600]), st.just(0)),
    ),
    max_size=14,
)
FILTERS = st.one_of(
    st.fixed_dictionaries({"state": st.sampled_from(["finished", "running", "crashed"])}),
    st.fixed_dictionaries({"config.x": VALUES}),
    st.fixed_dictionaries({"config.x.y": VALUES}),
    st.fixed_dictionaries({"config.x.value": st.fixed_dictionaries({"$ne": VALUES})}),
    st.fixed_dictionaries({"summary.y": st.fixed_dictionaries({"$gt": st.integers(-1, 1)})}),
    st.fixed_dictionaries({"summary._wandb.y": st.fixed_dictionaries({"$exists": st.booleans()})}),
    st.fixed_dictionaries({"tags": st.sampled_from("st")}),
    st.fixed_dictionaries({"notes": st.sampled_from(["n", None])}),
    st.fixed_dictionaries({"duration": st.fixed_dictionaries({"$lte": st.floats(0, 9)})}),
    st.just({}),
)
ORDERS = st.sampled_from(["+created_at", "-summary.x", "+config.x.y", "-name", "+duration"])


class World:
    """A store, an index, and the processes that write runs."""

    def __init__(self, folder: Path) -> None:
        given_settings = Settings(
            store=str(folder / "store"), cache_dir=folder / "cache", data_dir=folder / "data"
        )
        opened = Workspace.open(given_settings)
        self.clock = FixedClock()
        self.objects = opened.store.objects
        self.workspace = Workspace(given_settings, replace(opened.store, clock=self.clock))
        self.index = Index.open(self.workspace)
        self.writers: dict[str, RunWriter] = {}
        self.late: dict[str, RunWriter] = {}

    def writer(self, run: str) -> RunWriter:
        path = RunPath(*HOME, run)
        known = path in set(paths(self.workspace))
        number = read_record(self.objects, path).next if known else 0
        return RunWriter(self.objects, path, "ada", self.clock, number, lambda _: None)

    def do(self, step: tuple[str, Any, Any]) -> None:
        what, run, fields = step
        if what == "wait":
            self.clock.advance(run)
        elif what == "sync":
            self.index.sync(*HOME)
        elif what == "merge":
            merge(self.objects, HOME, self.clock, "ada", least=run, most=fields, quiet=0)
        elif what in ("start", "resume"):
            self.writers[run] = self.writer(run)
            self.writers[run].start({"state": "running", **fields}, fresh=what == "start")
        elif run in self.writers:
            self._say(what, run, fields)

    def _say(self, what: str, run: str, fields: dict[str, Any]) -> None:
        writer = self.writers[run]
        try:
            if what == "update":
                writer.update(fields)
            elif what == "finish":
                writer.finish({"state": "finished", **fields})
            elif what == "use":
                writer.update(fields, used=(Edge(run, *HOME, "c", 0, "t"),))
            elif what == "edit":
                self.writer(run).edit(fields)
            elif what == "late edit":
                before = self.late.get(run) or writer
                self.late[run] = self.writer(run)
                before.edit(fields)
            elif what == "beat":
                beat(self.objects, RunPath(*HOME, run), self.clock.now(), fields)
        except Conflict:
            del self.writers[run]


@contextmanager
def world() -> Iterator[World]:
    with tempfile.TemporaryDirectory() as folder:
        made = World(Path(folder))
        yield made
        made.index.close()


@settings(max_examples=60)
@given(STEPS, st.lists(st.tuples(FILTERS, ORDERS), min_size=1, max_size=4))
def test_the_index_finds_what_all_records_say(
    steps: list[tuple[str, Any, Any]], questions: list[tuple[dict[str, Any], str]]
) -> None:
    with world() as made:
        for step in steps:
            made.do(step)
        made.index.sync(*HOME)
        fresh = {path: read_record(made.objects, path) for path in paths(made.workspace, *HOME)}
        now = made.clock.now()
        rows = [
            row_of(record, last_beat(made.objects, path), now)
            for path, record in fresh.items()
            if not is_deleted(record)
        ]
        for filters, order in questions:
            condition, by = parse(filters, SCHEMA), parse_order(order, SCHEMA)
            ordered = sorted(rows, key=by.key(lambda row: str(row["id"])))
            expected = [row["id"] for row in ordered if holds(condition, row)]
            found = made.index.runs(*HOME, condition, by)
            assert [row.path.id for row in found] == expected
            assert [row.record for row in found] == [fresh[row.path] for row in found]
            assert made.index.count(*HOME, condition) == len(expected)
        for run in "abcd":
            users = [path for path, record in fresh.items() if run in record.used]
            live = [path for path in users if not is_deleted(fresh[path])]
            assert made.index.users_of(run) == live
