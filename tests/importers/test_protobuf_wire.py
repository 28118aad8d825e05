"""The wire reader against Google's own encoder, and against any bytes at all."""

from __future__ import annotations

import struct

import pytest
from google.protobuf import (  # type: ignore[import-untyped]
    descriptor_pb2,
    struct_pb2,
    wrappers_pb2,
)
from hypothesis import given
from hypothesis import strategies as st

from wbart.apis.importers import protobuf_wire as wire
from wbart.apis.importers.protobuf_wire import WireInvalid

INT64 = st.integers(-(2**63), 2**63 - 1)


@given(INT64)
def test_integers_are_read_as_the_real_encoder_writes_them(value: int) -> None:
    message = wrappers_pb2.Int64Value(value=value).SerializeToString()

    found = {key: wire.signed(int(each)) for key, each in wire.fields(message) if type(each) is int}

    assert found == ({wire.varint_key(1): value} if value else {})


@given(st.integers(1, 2**64 - 1))
def test_unsigned_integers_keep_all_their_bits(value: int) -> None:
    message = wrappers_pb2.UInt64Value(value=value).SerializeToString()

    assert list(wire.fields(message)) == [(wire.varint_key(1), value)]


@given(st.floats(allow_nan=False).filter(bool))
def test_doubles_are_read_as_the_real_encoder_writes_them(value: float) -> None:
    message = wrappers_pb2.DoubleValue(value=value).SerializeToString()

    [(key, raw)] = wire.chunks(message)

    assert (key, wire.double(raw)) == (wire.fixed64_key(1), value)


@given(st.floats(width=32, allow_nan=False).filter(bool))
def test_floats_are_read_as_the_real_encoder_writes_them(value: float) -> None:
    message = wrappers_pb2.FloatValue(value=value).SerializeToString()

    [(key, raw)] = wire.chunks(message)

    assert (key, wire.float32(raw)) == (wire.fixed32_key(1), value)


@given(st.text(min_size=1))
def test_text_is_read_as_the_real_encoder_writes_it(value: str) -> None:
    message = wrappers_pb2.StringValue(value=value).SerializeToString()

    [(key, raw)] = wire.chunks(message)

    assert (key, wire.text(raw)) == (wire.bytes_key(1), value)


def test_messages_in_messages_and_repeated_fields_come_in_their_order() -> None:
    values = [struct_pb2.Value(string_value="a"), struct_pb2.Value(number_value=2.5)]
    message = struct_pb2.ListValue(values=values).SerializeToString()

    inner = [next(wire.chunks(raw)) for key, raw in wire.chunks(message)]

    assert [key for key, _ in inner] == [wire.bytes_key(3), wire.fixed64_key(2)]
    assert (wire.text(inner[0][1]), wire.double(inner[1][1])) == ("a", 2.5)


@given(st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1))
def test_packed_varints_are_read_as_the_real_encoder_writes_them(values: list[int]) -> None:
    message = descriptor_pb2.SourceCodeInfo.Location(path=values).SerializeToString()

    [(_, packed)] = wire.chunks(message)

    assert [wire.signed(each) for each in wire.packed_varints(packed)] == values


@given(st.lists(st.floats(width=32, allow_nan=False)))
def test_packed_numbers_are_read(values: list[float]) -> None:
    assert wire.doubles(struct.pack(f"<{len(values)}d", *values)) == values
    assert wire.floats(struct.pack(f"<{len(values)}f", *values)) == values


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (b"\x08", "runs past its end"),
        (b"\x80", "runs past its end"),
        (b"\x08" + b"\xff" * 10 + b"\x01", "more than ten bytes"),
        (b"\x0a\x05abc", "field 1 of a message runs past its end"),
        (b"\x0a" + b"\xff" * 9 + b"\x01", "field 1 of a message runs past its end"),
        (b"\x09\0\0\0", "runs past its end"),
        (b"\x0d\0\0", "runs past its end"),
        (b"\x0b", "wire type 3"),
        (b"\x0e", "wire type 6"),
        (b"\x00\x01", "number 0"),
    ],
)
def test_a_broken_message_says_where_it_breaks(message: bytes, words: str) -> None:
    with pytest.raises(WireInvalid, match=words):
        list(wire.fields(message))


@given(st.binary())
def test_any_bytes_are_fields_or_no_message(message: bytes) -> None:
    try:
        found = list(wire.fields(message))
    except WireInvalid:
        return

    assert sum(len(value) for _, value in found if isinstance(value, bytes)) <= len(message)


def test_broken_values_are_told() -> None:
    with pytest.raises(WireInvalid, match="not UTF-8"):
        wire.text(b"\xff")
    with pytest.raises(WireInvalid, match="packed field of 7 bytes holds no whole numbers of 4"):
        wire.floats(b"1234567")
    with pytest.raises(WireInvalid, match="runs past its end"):
        wire.packed_varints(b"\x80")
