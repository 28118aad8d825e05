"""Finished runs are merged, and nobody who reads or writes meanwhile loses anything."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from wbart.errors import Conflict, RunNotFound
from wbart.recording.increment import Edge, FileFact, Part, RunRecord
from wbart.recording.path import RunPath
from wbart.recording.record import read_record
from wbart.recording.writer import RunWriter
from wbart.runindex.merges import MergeFold, Merges, read_merges
from wbart.runindex.segment import decode, encode, pack, unpack
from wbart.runindex.segments import Home, is_over, live_runs, merge
from wbart_storage.backends.local import LocalObjects
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.clock import FixedClock
from wbart_storage.config import StoreConfig, create_config
from wbart_storage.errors import JournalCorrupt, StorageError, StoreUnavailable
from wbart_storage.keys import increment_key, run_prefix, runs_prefix, segment_key
from wbart_storage.objects import ObjectStat, ObjectStore

HOME = Home("ent", "proj")
CLOCK = FixedClock()


def store() -> MemoryObjects:
    objects = MemoryObjects()
    create_config(objects, StoreConfig())
    return objects


def path(run: str) -> RunPath:
    return RunPath(*HOME, run)


def writer(objects: ObjectStore, run: str, number: int = 0) -> RunWriter:
    return RunWriter(objects, path(run), "ada", CLOCK, number, wait=lambda _: None)


def finished(objects: ObjectStore, *runs: str) -> None:
    for run in runs:
        made = writer(objects, run)
        made.start({"name": run, "config": {"lr": 0.1}}, fresh=True)
        made.update({"summary": {"loss": 1}}, used=(edge(run),))
        made.finish({"state": "finished"})


def edge(name: str) -> Edge:
    return Edge(f"id-{name}", *HOME, "data", 0, "dataset")


def merged(objects: ObjectStore, quiet: float = 0.0, least: int = 1, most: int = 100) -> int:
    return merge(objects, HOME, CLOCK, "ada", least=least, most=most, quiet=quiet)


def everything(objects: ObjectStore, *runs: str) -> dict[str, RunRecord]:
    return {run: read_record(objects, path(run)) for run in runs}


def keys(objects: ObjectStore, folder: str) -> list[str]:
    return [stat.key for stat in objects.list(f"{runs_prefix(*HOME)}{folder}/")]


def test_a_record_goes_through_a_segment_unharmed() -> None:
    whole = RunRecord(
        path("a"),
        {"state": "finished", "config": {"big": 2**70, "é": [1, None]}, "summary": {}},
        {"id-x": edge("x")},
        {"id-y": edge("y")},
        {0: Part(0, 1, 0, 0, 10, (5,), 1000)},
        {3: Part(3, 1, 0, 0, 10)},
        {"f": FileFact("blake3:00", 1, 2.5)},
        "w",
        "ada",
        True,
        1.5,
        2.5,
        7,
    )
    bare = RunRecord(path("b"), next=1)

    id_, data = encode([pack(bare), pack(whole)], "blake3")
    found = decode(data, segment_key(*HOME, id_), "blake3")

    assert [unpack(path(run), each) for run, each in found.items()] == [whole, bare]


def test_other_bytes_than_a_segment_s_name_says_are_refused() -> None:
    id_, data = encode([pack(RunRecord(path("b"), next=1))], "blake3")

    with pytest.raises(JournalCorrupt, match=id_):
        decode(data[:-1] + b"x", segment_key(*HOME, id_), "blake3")


def test_merged_runs_read_as_before() -> None:
    objects = store()
    finished(objects, "a", "b")
    before = everything(objects, "a", "b")

    assert merged(objects) == 2
    assert everything(objects, "a", "b") == before
    assert keys(objects, "live") == []
    assert len(keys(objects, "seg")) == 1


def test_a_run_that_is_over_is_merged_when_it_has_been_quiet_for_an_hour() -> None:
    objects = store()
    finished(objects, "a")
    writer(objects, "b").start({"state": "running"}, fresh=True)
    record = read_record(objects, path("a"))

    assert merge(objects, HOME, CLOCK, "ada", least=1) == 0
    assert is_over(record, CLOCK.now() + 3600)
    assert not is_over(read_record(objects, path("b")), CLOCK.now() + 1e9)


def test_a_run_that_crashed_is_merged_after_a_week_of_silence() -> None:
    objects = store()
    run = writer(objects, "a")
    run.start({"state": "running"}, fresh=True)
    run.edit({"state": "crashed"})
    record = read_record(objects, path("a"))

    assert not is_over(record, CLOCK.now() + 86400)
    assert is_over(record, CLOCK.now() + 8 * 86400)


def test_few_runs_are_not_worth_a_segment() -> None:
    objects = store()
    finished(objects, "a", "b")

    assert merged(objects, least=3) == 0
    assert len(keys(objects, "live")) == 6


def test_an_edit_after_the_merge_counts() -> None:
    objects = store()
    finished(objects, "a")
    merged(objects)
    record = read_record(objects, path("a"))
    writer(objects, "a", record.next).edit({"notes": "good"})

    found = read_record(objects, path("a"))

    assert (found.fields["notes"], found.fields["config"], found.next) == ("good", {"lr": 0.1}, 4)
    assert keys(objects, "live") == [increment_key(run_prefix(*HOME, "a"), 3)]


def test_an_edit_by_who_did_not_know_of_the_merge_counts_too() -> None:
    objects = store()
    finished(objects, "a")
    late = writer(objects, "a", read_record(objects, path("a")).next)
    writer(objects, "a", 3).edit({"notes": "good"})
    merged(objects)
    late.edit({"group": "late"})

    fields = read_record(objects, path("a")).fields

    assert (fields["notes"], fields["group"]) == ("good", "late")
    assert keys(objects, "live") == [increment_key(run_prefix(*HOME, "a"), 4)]


def test_a_resumed_run_goes_on_behind_the_merge_and_is_merged_again() -> None:
    objects = store()
    finished(objects, "a", "b", "c")
    merged(objects)
    again = writer(objects, "a", read_record(objects, path("a")).next)
    again.start({"state": "running"}, fresh=False)
    again.update({"summary": {"loss": 2}})

    assert merged(objects) == 0
    again.finish({"state": "finished"})
    before = everything(objects, "a", "b", "c")
    assert merged(objects) == 1
    assert everything(objects, "a", "b", "c") == before
    assert before["a"].fields["summary"] == {"loss": 2}
    assert keys(objects, "live") == []


def test_a_writer_whose_run_was_taken_over_finished_and_merged_learns_it() -> None:
    objects = store()
    first = writer(objects, "a")
    first.start({}, fresh=True)
    second = writer(objects, "a", 1)
    second.start({}, fresh=True)
    second.finish({"state": "finished"})
    merged(objects)
    CLOCK.advance(3600)

    with pytest.raises(Conflict, match="ent/proj/a"):
        first.update({"notes": "lost"})
    assert keys(objects, "live") == []


def test_a_writer_who_was_silent_for_an_hour_but_is_not_replaced_goes_on() -> None:
    objects = store()
    run = writer(objects, "a")
    run.start({}, fresh=True)
    run.finish({"state": "finished"})
    merged(objects)
    CLOCK.advance(3600)
    run.finish({"state": "failed"})

    assert read_record(objects, path("a")).fields["state"] == "failed"


def test_segments_grow_so_that_a_record_is_rarely_written_again() -> None:
    objects = store()
    runs = [f"r{number:02d}" for number in range(20)]
    most = 0
    for number in range(0, 20, 2):
        finished(objects, *runs[number : number + 2])
        assert merged(objects, least=2, most=8) == 2
        most = max(most, len(keys(objects, "seg")))

    sizes = sorted(read_merges(objects, *HOME).segments.values())
    assert sum(sizes) == 20
    assert sizes[-1] == 8
    assert most <= 5
    assert len(keys(objects, "seg")) == len(sizes)
    assert all(record.ended for record in everything(objects, *runs).values())


class Step:
    """Does something of another process in the middle: before the call of a number."""

    def __init__(self, inner: MemoryObjects, work: Callable[[MemoryObjects], object]) -> None:
        self.inner = inner
        self.left = 1 << 60
        self.done = False
        self._work = work

    def _count(self) -> None:
        self.left -= 1
        if self.left == -1:
            self.done = True
            self._work(self.inner)

    def create(self, key: str, data: bytes) -> None:
        self._count()
        self.inner.create(key, data)

    def put(self, key: str, source: bytes | Path) -> None:
        self._count()
        self.inner.put(key, source)

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        self._count()
        return self.inner.get(key, start, end)

    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        self._count()
        return self.inner.list(prefix, delimiter)

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:  # each may be the last that is done
            self._count()
            self.inner.delete([key])

    def stat(self, key: str) -> ObjectStat:
        self._count()
        return self.inner.stat(key)


class Stop(Exception):
    """The process is no more."""


def stepped(at: int, work: Callable[[MemoryObjects], object], *runs: str) -> Step:
    inner = store()
    finished(inner, *runs)
    objects = Step(inner, work)
    objects.left = at
    return objects


def test_a_merge_between_any_two_requests_of_a_reader_changes_nothing_for_him() -> None:
    at = 0
    while True:
        objects = stepped(at, merged, "a", "b")
        record = read_record(objects, path("a"))
        if not objects.done:
            break
        assert (record.next, record.fields["state"]) == (3, "finished")
        at += 1
    assert at > 4


def test_a_merge_that_dies_anywhere_loses_nothing_and_the_next_one_ends_it() -> None:
    def die(objects: ObjectStore) -> None:
        raise Stop

    at = 0
    while True:
        objects = stepped(1 << 60, die, "a")
        merged(objects.inner)
        finished(objects.inner, "b", "c")
        objects.left = at
        try:
            merged(objects)
        except Stop:
            before = everything(objects, "a", "b", "c")
            assert all(record.next == 3 and record.ended for record in before.values())
            merged(objects)
            assert everything(objects, "a", "b", "c") == before
            assert keys(objects, "live") == []
            at += 1
        else:
            break
    assert at > 12


def test_two_mergers_at_once_merge_each_run_once() -> None:
    at = 0
    while True:
        objects = stepped(at, merged, "a", "b", "c")
        count = merged(objects)
        if not objects.done:
            break
        assert count in (0, 3)
        assert all(record.next == 3 for record in everything(objects, "a", "b", "c").values())
        assert keys(objects, "live") == []
        assert len(keys(objects, "seg")) == 1
        at += 1
    assert at > 8


def test_a_run_resumed_at_any_moment_of_its_merge_loses_nothing() -> None:
    def resume(objects: ObjectStore) -> None:
        again = writer(objects, "a", read_record(objects, path("a")).next)
        again.start({"state": "running"}, fresh=False)
        again.update({"notes": "again"})

    at = 0
    while True:
        objects = stepped(at, resume, "a", "b")
        merged(objects)
        if not objects.done:
            break
        found = read_record(objects, path("a"))
        assert (found.fields["notes"], found.fields["state"]) == ("again", "running")
        assert (found.next, found.fields["config"]) == (5, {"lr": 0.1})
        at += 1
    assert at > 8


def test_a_merge_at_any_moment_of_an_edit_loses_nothing() -> None:
    at = 0
    while True:
        objects = stepped(1 << 60, merged, "a")
        late = writer(objects, "a", read_record(objects, path("a")).next)
        objects.left = at
        late.edit({"notes": "good"})
        if not objects.done:
            break
        assert read_record(objects, path("a")).fields["notes"] == "good"
        at += 1
    assert at > 1


class Flaky(MemoryObjects):
    """The call of a number fails; a create lands nevertheless."""

    left = 1 << 60

    def _fails(self) -> bool:
        self.left -= 1
        return self.left == -1

    def create(self, key: str, data: bytes) -> None:
        super().create(key, data)
        if self._fails():
            raise StoreUnavailable("the line went dead")

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        if self._fails():
            raise StoreUnavailable("the line went dead")
        return super().get(key, start, end)

    def delete(self, keys: Iterable[str]) -> None:
        if self._fails():
            raise StoreUnavailable("the line went dead")
        super().delete(keys)


def test_any_one_fault_of_the_store_loses_nothing() -> None:
    at = 0
    while True:
        objects = Flaky()
        create_config(objects, StoreConfig())
        finished(objects, "a", "b")
        objects.left = at
        try:
            merged(objects)
        except StorageError:
            pass
        if objects.left >= 0:
            break
        objects.left = 1 << 60
        merged(objects)
        assert all(record.next == 3 for record in everything(objects, "a", "b").values())
        assert keys(objects, "live") == []
        at += 1
    assert at > 8


def test_nothing_is_left_of_merged_runs_in_a_folder(tmp_path: Path) -> None:
    objects = LocalObjects(tmp_path)
    create_config(objects, StoreConfig())
    finished(objects, "a", "b")
    writer(objects, "c").start({}, fresh=True)
    merged(objects)

    assert [each.name for each in (tmp_path / "runs/ent/proj/live").iterdir()] == ["c"]
    assert live_runs(objects, HOME) == {"c": [0]}
    again = writer(objects, "a", read_record(objects, path("a")).next)
    again.edit({"notes": "good"})
    assert read_record(objects, path("a")).fields["notes"] == "good"


def test_what_is_not_there_is_not_found_beside_merged_runs() -> None:
    objects = store()
    finished(objects, "a")
    merged(objects)

    with pytest.raises(RunNotFound):
        read_record(objects, path("b"))


@pytest.mark.parametrize(
    ("segment", "runs", "replaces"),
    [
        ("s", {"c": 1}, []),  # known already
        ("n", {"a": 3}, ["s"]),  # b is left out
        ("n", {"a": 3}, []),  # nothing new
        ("n", {"a": 2, "b": 3}, ["s"]),  # a goes back
        ("n", {"c": 1}, ["unknown"]),
        ("n", {}, []),
        ("n", {"c": 0}, []),
        ("n", {"c": True}, []),
        ("n", {"c": "1"}, []),
        ("", {"c": 1}, []),
        (None, None, None),
    ],
)
def test_a_merge_that_would_lose_something_is_refused(
    segment: object, runs: object, replaces: object
) -> None:
    merges = Merges()
    merges.take("s", {"a": 3, "b": 3})

    assert not merges.accepts(segment, runs, replaces)


def test_a_run_that_has_moved_on_need_not_be_told_again() -> None:
    merges = Merges()
    merges.take("s", {"a": 3, "b": 3})
    merges.take("t", {"a": 5})

    assert merges.accepts("n", {"b": 3, "c": 1}, ["s"])
    assert merges.take("n", {"b": 3, "c": 1}) == ["s"]
    assert merges.segments == {"t": 1, "n": 2}


def test_what_is_merged_goes_through_a_checkpoint() -> None:
    fold, merges = MergeFold(), Merges()
    merges.take("s", {"a": 3, "b": 3})
    merges.take("t", {"a": 5})
    loaded = fold.load(json.loads(json.dumps(fold.dump(merges))))

    assert (loaded.lines, loaded.segments) == (merges.lines, merges.segments)
