from __future__ import annotations

import json
import logging

import pytest

from wbart.errors import ArgumentTypeInvalid, Conflict
from wbart.recording.history import History
from wbart.recording.record import Part
from wbart.recording.value import flat, to_json
from wbart.runs.historyparts import HistoryParts
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.clock import FixedClock
from wbart_storage.errors import StoreUnavailable
from wbart_storage.keys import history_key

PREFIX = "runs/e/p/live/r/"


class Bench:
    """A history over memory, with a clock that stands still."""

    def __init__(self, objects: MemoryObjects | None = None) -> None:
        self.clock = FixedClock(1000.0)
        self.objects = objects or MemoryObjects()
        self.history = History(self.clock)
        self._parts = self.parts()

    def parts(self, first: int = 0) -> HistoryParts:
        return HistoryParts(self.objects, PREFIX, first, wait=lambda _: None)

    def store(self) -> Part | None:
        """Store all rows as a part, the open one among them."""
        self.history.close()
        lines, _ = self.history.take()
        return self._parts.append(lines) if lines else None

    def rows(self, *columns: str) -> list[dict[str, object]]:
        self.store()
        return [{name: row[name] for name in columns if name in row} for row in self.parts().rows()]


def test_each_log_is_a_step() -> None:
    bench = Bench()
    for loss in (3.0, 2.0):
        bench.history.log({"loss": loss})

    assert bench.rows("_step", "loss") == [{"_step": 0, "loss": 3.0}, {"_step": 1, "loss": 2.0}]


def test_every_row_has_step_runtime_and_timestamp() -> None:
    bench = Bench()
    bench.clock.advance(5)
    bench.history.log({"a": 1})

    assert bench.rows("_step", "_runtime", "_timestamp") == [
        {"_step": 0, "_runtime": 5.0, "_timestamp": 1005.0}
    ]


def test_an_open_step_merges_until_it_is_committed() -> None:
    bench = Bench()
    bench.history.log({"a": 1, "b": 1}, commit=False)
    bench.history.log({"b": 2})
    bench.history.log({"a": 3})

    assert bench.rows("_step", "a", "b") == [{"_step": 0, "a": 1, "b": 2}, {"_step": 1, "a": 3}]


def test_the_same_explicit_step_merges_and_a_later_one_closes_it() -> None:
    bench = Bench()
    bench.history.log({"a": 1}, step=5)
    bench.history.log({"b": 2}, step=5)
    bench.history.log({"a": 3}, step=9)
    bench.history.log({"a": 4})

    assert bench.rows("_step", "a", "b") == [
        {"_step": 5, "a": 1, "b": 2},
        {"_step": 9, "a": 4},
    ]


def test_a_smaller_step_is_dropped_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    bench.history.log({"a": 1}, step=5, commit=True)
    with caplog.at_level(logging.WARNING):
        dropped = bench.history.log({"a": 2}, step=5)

    assert dropped is None
    assert "step 5 is less than the current step 6" in caplog.text
    assert bench.rows("_step", "a") == [{"_step": 5, "a": 1}]


def test_the_step_that_artifacts_see() -> None:
    history = Bench().history
    assert history.next_step is None
    history.log({"a": 1})
    assert history.next_step == 1
    history.log({"a": 1}, step=7)
    assert history.next_step == 8


def test_an_open_row_is_not_taken_until_it_is_closed() -> None:
    history = Bench().history
    history.log({"a": 1}, commit=False)
    lines, row = history.take()
    assert (lines, (row or {})["a"]) == (b"", 1)
    history.close()
    lines, row = history.take()
    assert (json.loads(lines)["a"], row) == (1, None)
    assert history.take() == (b"", None)


def test_a_part_says_what_is_in_it() -> None:
    bench = Bench()
    for step in (3, 5, 8):
        bench.history.log({"a": 1}, step=step)
    part = bench.store()

    assert part == Part(0, 3, 3, 8, len(bench.objects.get(history_key(PREFIX, 0))))


def test_a_lost_answer_neither_loses_nor_doubles_rows() -> None:
    class Lost(MemoryObjects):
        def create(self, key: str, data: bytes) -> None:
            super().create(key, data)
            raise StoreUnavailable("the line went dead")

    bench = Bench(Lost())
    bench.history.log({"a": 1})
    bench.store()
    bench.history.log({"a": 2})

    assert bench.rows("a") == [{"a": 1}, {"a": 2}]


def test_the_bytes_of_a_part_do_not_tell_the_time() -> None:
    bench = Bench()
    bench.history.log({"a": 1})
    bench.store()
    header = bench.objects.get(history_key(PREFIX, 0), 0, 10)

    assert header[:8] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00"


def test_a_part_of_another_writer_is_a_conflict() -> None:
    bench = Bench()
    bench.history.log({"a": 1})
    bench.store()
    bench.objects.put(history_key(PREFIX, 1), b"another's")
    bench.history.log({"a": 2})

    with pytest.raises(Conflict, match="another process"):
        bench.store()


def test_parts_go_on_after_those_that_are_there() -> None:
    bench = Bench()
    bench.history.log({"a": 1})
    bench.store()
    bench.parts().append(b'{"a":2,"_step":1}\n')

    assert [(row["_step"], row["a"]) for row in bench.parts().rows()] == [(0, 1), (1, 2)]
    last = bench.parts().last()
    assert last is not None
    assert last["a"] == 2
    assert [row["a"] for row in bench.parts(first=1).rows()] == [2]
    assert bench.parts(first=2).last() is None


def test_nested_values_get_dotted_names() -> None:
    values = {"a": {"b": 1, "c": {"d": 2}}, "e": {}}

    assert flat(values, "log") == {"a.b": 1, "a.c.d": 2, "e": {}}


@pytest.mark.parametrize("values", [None, 3, ["a"], {1: 2}, {"a": {None: 1}}])
def test_only_dicts_with_texts_as_names_are_logged(values: object) -> None:
    with pytest.raises(TypeError, match="log"):
        flat(values, "log")


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
        ((1, 2), [1, 2]),
        ({"a": (1,)}, {"a": [1]}),
        (b"text", "text"),
        (True, True),
    ],
)
def test_values_become_json(value: object, found: object) -> None:
    assert to_json(value) == found


def test_what_has_no_json_form_is_a_type_error() -> None:
    with pytest.raises(ArgumentTypeInvalid):
        to_json(object())
