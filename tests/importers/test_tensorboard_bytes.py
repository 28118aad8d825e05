"""Event files byte by byte: what is broken is told, and costs nothing else."""

from __future__ import annotations

import io
import struct
import tracemalloc
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.importers import tensorboardfiles as files
from tests.importers.tensorboardfiles import chunk, event, framed, scalar, tensor, value, varint

from wbart.apis.importers.protobuf_wire import WireInvalid
from wbart.apis.importers.tensorboard.event import decode
from wbart.apis.importers.tensorboard.eventlog import EventLog
from wbart.apis.importers.tensorboard.mediafiles import MediaFiles
from wbart.apis.importers.tensorboard.recordfile import RecordBroken, masked, records
from wbart.apis.importers.tensorboard.rows import rows
from wbart.apis.importers.tensorboard.tensor import Tensor
from wbart.apis.importers.tensorboard.tensor import tensor as read_tensor


def log_of(*said: bytes, folder: Path = Path("nowhere")) -> EventLog:
    log = EventLog(MediaFiles(folder))
    for each in (files.FIRST, *said):
        log.add(decode(each))
    return log


def values(log: EventLog, tag: str) -> list[tuple[int, object]]:
    return [(step, found) for step, _, found in log.series[tag].in_steps()]


@given(st.lists(st.binary(max_size=60)))
def test_records_are_read_as_they_were_framed(said: list[bytes]) -> None:
    data = framed(said)

    assert list(records(io.BytesIO(data), len(data))) == said


def test_what_a_file_got_since_it_was_measured_is_left_alone() -> None:
    data = framed([b"one", b"two"])
    for size in range(len(data)):
        found: list[bytes] = []
        file = io.BytesIO(data)
        if size not in (0, len(data) // 2):
            with pytest.raises(RecordBroken):
                found.extend(records(file, size))
        else:
            found.extend(records(file, size))
        assert found == [b"one", b"two"][: size // (len(data) // 2)]
        assert file.tell() <= size


@given(st.binary(max_size=400))
def test_any_bytes_are_records_or_break(data: bytes) -> None:
    found: list[bytes] = []
    breaks = len(data)
    try:
        found.extend(records(io.BytesIO(data), len(data)))
    except RecordBroken as broken:
        breaks = broken.offset
    assert framed(found) == data[:breaks]


@given(st.lists(st.binary(max_size=30), min_size=1), st.data())
def test_a_changed_byte_never_goes_unseen(said: list[bytes], data: st.DataObject) -> None:
    good = bytearray(framed(said))
    place = data.draw(st.integers(0, len(good) - 1))
    good[place] ^= data.draw(st.integers(1, 255))

    found: list[bytes] = []
    with pytest.raises(RecordBroken):
        found.extend(records(io.BytesIO(bytes(good)), len(good)))
    assert found == said[: len(found)]


@given(st.binary(max_size=300))
def test_any_record_is_an_event_or_no_message(record: bytes) -> None:
    try:
        found = decode(record)
    except WireInvalid:
        return
    EventLog(MediaFiles(Path("nowhere"))).add(found)


@given(
    st.sampled_from(["scalars", "images", "histograms", "text", "audio", "hparams", "mesh", ""]),
    st.sampled_from([1, 2, 3, 7, 8, 9, 10, 14, 19, 99]),
    st.lists(st.integers(-2, 2**40), max_size=3),
    st.binary(max_size=100),
)
def test_any_tensor_is_taken_or_counted(
    plugin: str, type_: int, shape: list[int], rest: bytes
) -> None:
    sizes = b"".join(chunk(2, b"\x08" + varint(size)) for size in shape)
    message = b"\x08" + varint(type_) + chunk(2, sizes) + rest

    log = log_of(event(1, tensor("t", plugin, message)))

    taken = sum(map(len, log.series.values())) + sum(log.skipped.values())
    assert taken == (plugin != "hparams")
    for row in rows(log.series, 0.0):
        assert row["_step"] == 1


def test_a_length_that_nobody_has_bytes_for_asks_for_no_memory() -> None:
    length = struct.pack("<Q", 1 << 40)
    data = length + struct.pack("<I", masked(length)) + b"some"

    tracemalloc.start()
    with pytest.raises(RecordBroken, match="byte 0 is cut off"):
        list(records(io.BytesIO(data), len(data)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def test_a_shape_of_too_many_numbers_asks_for_no_memory() -> None:
    shape = chunk(2, b"\x08" + varint(1 << 40))
    message = b"\x08\x01" + chunk(2, shape) + chunk(5, struct.pack("<f", 1.0))

    with pytest.raises(WireInvalid, match="a tensor has the shape"):
        read_tensor(message)


def test_one_number_stands_for_all_that_a_shape_asks_for() -> None:
    shape = chunk(2, b"\x08\x02") + chunk(2, b"\x08\x03")
    found = read_tensor(b"\x08\x01" + chunk(2, shape) + chunk(5, struct.pack("<ff", 1.0, 2.0)))

    assert found.rows == [[1.0, 2.0, 2.0], [2.0, 2.0, 2.0]]


def test_numbers_that_are_not_packed_are_read_as_well() -> None:
    shape = chunk(2, b"\x08\x02")
    for type_, said in (
        (1, b"\x2d" + struct.pack("<f", 1.0) + b"\x2d" + struct.pack("<f", 2.0)),
        (2, b"\x31" + struct.pack("<d", 1.0) + b"\x31" + struct.pack("<d", 2.0)),
        (3, b"\x38\x01\x38\x02"),
        (9, b"\x50\x01\x50\x02"),
        (14, chunk(13, varint(0x3F80) + varint(0x4000))),
        (14, chunk(4, struct.pack("<HH", 0x3F80, 0x4000))),
    ):
        found = read_tensor(b"\x08" + varint(type_) + chunk(2, shape) + said)
        assert found.numbers == [1, 2], type_


def test_metadata_of_the_first_value_holds_for_all_of_its_tag() -> None:
    text = b"\x08\x07" + chunk(2, b"") + chunk(8, b"words")
    log = log_of(event(1, tensor("t", "text", text)), event(2, value("t", chunk(8, text))))

    assert values(log, "t") == [(1, "words"), (2, "words")]


def test_only_a_session_that_starts_makes_values_void() -> None:
    def said(status: int) -> EventLog:
        session = chunk(7, b"\x08" + varint(status))
        return log_of(
            *(event(step, scalar("a", step)) for step in range(5)),
            event(2) + session,
            event(2, scalar("a", 20.0)),
        )

    assert values(said(1), "a") == [(0, 0.0), (1, 1.0), (2, 20.0)]
    assert said(1).purged == 3
    assert len(values(said(2), "a")) == 6


def test_what_cannot_be_a_row_is_counted() -> None:
    log = log_of(
        event(-3, scalar("a", 1.0)),
        event(1, scalar("", 1.0)),
        event(1, value("b", chunk(4, b"\x08"))),
        event(1, value("b", chunk(4, chunk(4, b"no picture")))),
        event(1, value("b", chunk(5, chunk(6, bytes(8))))),
        event(1, value("b", b"")),
    )

    assert log.series == {}
    assert log.skipped == Counter(
        {
            "values of steps below 0": 1,
            "values without a tag": 1,
            "broken images": 2,
            "broken histograms": 1,
            "values of unknown kinds": 1,
        }
    )


def test_a_time_that_is_no_number_leaves_the_row_writable() -> None:
    log = log_of(event(1, scalar("a", 1.0), wall=float("nan")))

    [row] = rows(log.series, 5.0)
    assert (row["_timestamp"], row["_runtime"]) == (0.0, 0.0)


def test_a_histogram_of_too_many_bins_is_made_coarser(tmp_path: Path) -> None:
    count = 1300
    limits = struct.pack(f"<{count}d", *range(1, count + 1))
    ends = b"\x09" + struct.pack("<d", 0.5) + b"\x11" + struct.pack("<d", count)
    message = ends + chunk(6, limits) + chunk(7, struct.pack(f"<{count}d", *[2.0] * count))

    [(_, found)] = values(log_of(event(1, value("h", chunk(5, message)))), "h")

    assert (len(found["values"]), len(found["bins"])) == (434, 435)  # type: ignore[index]
    assert sum(found["values"]) == 2 * count  # type: ignore[index]
    assert found["bins"][:2] + found["bins"][-2:] == [0.5, 3.0, 1299.0, 1300.0]  # type: ignore[index]


def test_sounds_come_bare_or_with_what_they_are_called(tmp_path: Path) -> None:
    media = MediaFiles(tmp_path)
    one, two = b"RIFFone", b"fLaCtwo"

    bare = media.sounds(Tensor((2,), None, [one, two]))
    named = media.sounds(Tensor((2, 2), None, [one, b"a", two, b""]))

    for found in (bare, named):
        assert (found["_type"], found["count"]) == ("audio", 2)
        assert [media.files[each["path"]].read_bytes() for each in found["audio"]] == [one, two]
    assert [each.get("caption") for each in named["audio"]] == ["a", None]
