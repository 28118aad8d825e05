from __future__ import annotations

import itertools

import pytest
from tests.storage.test_wrong_bytes import Spoil, Spoiling, flipped

from wbart.errors import Conflict, RunNotFound
from wbart.recording.path import RunPath, parse
from wbart.recording.record import Edge, FileFact, Increment, Part, RunRecord, decode, read_record
from wbart.recording.writer import RunWriter
from wbart.runs.historyparts import HistoryParts
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.clock import FixedClock
from wbart_storage.errors import (
    JournalCorrupt,
    ObjectExists,
    StoreUnavailable,
    StoreUnsupported,
)
from wbart_storage.keys import increment_key, run_prefix
from wbart_storage.objects import ObjectStore

PATH = RunPath("ent", "proj", "abc")
PREFIX = run_prefix("ent", "proj", "abc")


def edge(version: int) -> Edge:
    return Edge(f"id{version}", "ent", "proj", "data", version, "dataset")


def writer(objects: ObjectStore, clock: FixedClock | None = None) -> RunWriter:
    return RunWriter(objects, PATH, "ada", clock or FixedClock(), wait=lambda _: None)


class LostAnswers(MemoryObjects):
    """Every create lands, and says that it did not; later ones find it taken."""

    def create(self, key: str, data: bytes) -> None:
        super().create(key, data)
        raise StoreUnavailable("the line went dead")


class LostThenTaken(MemoryObjects):
    """A library below repeats the request, and so loses against itself."""

    def create(self, key: str, data: bytes) -> None:
        super().create(key, data)
        raise ObjectExists(key)


def test_the_last_word_counts() -> None:
    objects, clock = MemoryObjects(), FixedClock(100.0)
    run = writer(objects, clock)
    run.start({"state": "running", "name": "n", "config": {"a": 1}}, fresh=True)
    clock.advance(5)
    run.update({"config": {"b": 2}})
    run.finish({"state": "finished"})

    record = read_record(objects, PATH)

    assert record.fields == {"state": "finished", "name": "n", "config": {"b": 2}}
    assert (record.created_at, record.updated_at, record.next) == (100.0, 105.0, 3)


def test_edges_gather_and_are_told_once() -> None:
    objects = MemoryObjects()
    run = writer(objects)
    run.start({}, fresh=True)
    run.update({}, used=(edge(1),))
    run.update(
        {},
        used=(
            edge(2),
            edge(1),
        ),
        logged=(edge(3),),
    )

    record = read_record(objects, PATH)

    assert list(record.used.values()) == [edge(1), edge(2)]
    assert list(record.logged.values()) == [edge(3)]


@pytest.mark.parametrize("kind", [LostAnswers, LostThenTaken])
def test_a_lost_answer_neither_loses_nor_doubles_an_increment(kind: type[MemoryObjects]) -> None:
    objects = kind()
    run = writer(objects)
    run.start({"state": "running"}, fresh=True)
    run.update({}, used=(edge(1),))

    assert read_record(objects, PATH).next == 2


def test_an_increment_costs_one_request() -> None:
    class Counting(MemoryObjects):
        calls = 0

        def create(self, key: str, data: bytes) -> None:
            self.calls += 1
            super().create(key, data)

        def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
            self.calls += 1
            return super().get(key, start, end)

    objects = Counting()
    run = writer(objects)
    run.start({}, fresh=True)
    run.update({"a": 1})
    run.finish({})

    assert objects.calls == 3


def test_who_starts_a_run_again_takes_it_over() -> None:
    objects = MemoryObjects()
    first, second = writer(objects), writer(objects)
    first.start({"name": "first", "config": {"a": 1}}, fresh=True)
    first.update({}, used=(edge(1),))
    second.start({"name": "second"}, fresh=True)

    with pytest.raises(Conflict, match="ent/proj/abc"):
        first.finish({"state": "finished"})

    record = read_record(objects, PATH)
    assert record.fields == {"name": "second"}
    assert list(record.used) == ["id1"]


def test_a_resumed_run_keeps_what_was_said() -> None:
    objects = MemoryObjects()
    writer(objects).start({"name": "first", "config": {"a": 1}}, fresh=True)
    writer(objects).start({"name": "second"}, fresh=False)

    assert read_record(objects, PATH).fields == {"name": "second", "config": {"a": 1}}


def test_two_writers_do_not_overwrite_each_other() -> None:
    objects = MemoryObjects()
    first = writer(objects)
    first.start({}, fresh=True)
    other = RunWriter(objects, PATH, "eve", FixedClock(), number=1, wait=lambda _: None)
    other.update({}, used=(edge(1),))
    first.update({}, used=(edge(2),))

    assert list(read_record(objects, PATH).used) == ["id1", "id2"]


def test_a_run_that_never_was_is_not_found() -> None:
    with pytest.raises(RunNotFound, match="ent/proj/abc"):
        read_record(MemoryObjects(), PATH)


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"v":1}', b'{"v":"1"}', b'{"v":1,"kind":"x"}'])
def test_a_damaged_increment_is_named(data: bytes) -> None:
    objects = MemoryObjects()
    objects.create(increment_key(PREFIX, 0), data)

    with pytest.raises(JournalCorrupt, match=increment_key(PREFIX, 0)):
        read_record(objects, PATH)


def test_an_increment_of_a_newer_form_is_refused() -> None:
    objects = MemoryObjects()
    objects.create(increment_key(PREFIX, 0), b'{"v":2}')

    with pytest.raises(StoreUnsupported, match="version 2"):
        read_record(objects, PATH)


def test_every_flipped_bit_of_an_increment_is_noticed() -> None:
    said = Increment(kind="start", writer="a" * 32, actor="ada", ts=1.0, set={"name": "n"})
    data = said.encode()
    assert decode(data, "key") == said
    for at, bit in itertools.product(range(len(data)), range(8)):
        with pytest.raises((JournalCorrupt, StoreUnsupported)):
            decode(data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :], "key")


@pytest.mark.parametrize("spoil", [flipped, lambda data: data.replace(b'"v":1', b'"v":3')])
def test_an_increment_that_comes_wrong_is_read_again(spoil: Spoil) -> None:
    objects = MemoryObjects()
    run = writer(objects)
    run.start({"name": "n"}, fresh=True)
    run.update({"a": 1})
    wanted = read_record(objects, PATH)

    assert read_record(Spoiling(objects, increment_key(PREFIX, 1), 2, spoil), PATH) == wanted
    with pytest.raises((JournalCorrupt, StoreUnsupported)):
        read_record(Spoiling(objects, increment_key(PREFIX, 1), 99, spoil), PATH)


def test_a_writer_knows_his_words_though_they_come_back_spoilt() -> None:
    objects = LostAnswers()
    run = writer(Spoiling(objects, "runs/", 1))
    run.start({"name": "n"}, fresh=True)
    run.update({"a": 1})

    assert read_record(objects, PATH).next == 2


@pytest.mark.parametrize("spoil", [flipped, lambda data: data[:-9]])
def test_a_part_of_a_history_that_comes_wrong_is_read_again(spoil: Spoil) -> None:
    objects = MemoryObjects()
    parts = HistoryParts(objects, PREFIX)
    parts.append(b"".join(b'{"_step":%d}\n' % step for step in range(3000)))
    spoilt = HistoryParts(Spoiling(objects, "runs/", 2, spoil), PREFIX)

    assert [row["_step"] for row in spoilt.rows()] == list(range(3000))
    with pytest.raises(JournalCorrupt, match="part of a history"):
        list(HistoryParts(Spoiling(objects, "runs/", 99, spoil), PREFIX).rows())


def test_a_missing_increment_is_noticed() -> None:
    objects = MemoryObjects()
    run = writer(objects)
    run.start({}, fresh=True)
    run.update({"a": 1})
    run.update({"a": 2})
    objects.delete([increment_key(PREFIX, 1)])

    with pytest.raises(JournalCorrupt, match="increment 1 is missing"):
        read_record(objects, PATH)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("abc", "e/p/abc"),
        ("q/abc", "e/q/abc"),
        ("q:abc", "e/q/abc"),
        ("f/q/abc", "f/q/abc"),
        ("f/q:abc", "f/q/abc"),
        ("f/q/runs/abc", "f/q/abc"),
        (" /f/q/runs/abc/ ", "f/q/abc"),
        ("f/my%20project/abc", "f/my project/abc"),
    ],
)
def test_the_paths_of_runs_that_wandb_reads(text: str, path: str) -> None:
    assert str(parse(text, entity="e", project="p")) == path


@pytest.mark.parametrize("text", ["", " / ", "a//b", "a/b/c/d"])
def test_what_is_no_path_of_a_run_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="not a path of a run"):
        parse(text, entity="e", project="p")


def test_a_run_path_goes_through_json() -> None:
    assert RunPath.from_json(PATH.to_json()) == PATH


def test_parts_and_files_are_part_of_the_record() -> None:
    part, fact = Part(0, 10, 0, 9, 123), FileFact("blake3:" + "00" * 32, 5, 1.0)
    said = [
        Increment(kind="start", writer="a", actor="ada", ts=1.0, fresh=True, parts=(part,)),
        Increment(kind="edit", writer="b", actor="bob", ts=2.0, files={"x": fact, "y": fact}),
        Increment(kind="edit", writer="b", actor="bob", ts=3.0, files={"y": None}),
    ]
    record = RunRecord(PATH)
    for increment in said:
        record.apply(decode(increment.encode(), "key"))

    assert record.parts == {0: part}
    assert record.files == {"x": fact}
    record.apply(Increment(kind="start", writer="c", actor="ada", ts=4.0, fresh=True))
    assert not record.parts
    assert not record.files
