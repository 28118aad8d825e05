"""Records of any content read back the same, and every flipped bit in them shows."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wbart_storage.errors import JournalCorrupt, StoreUnsupported
from wbart_storage.journal import canonical
from wbart_storage.journal.record import Intent, Record, decode_record, encode_record

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
OPS = st.dictionaries(TEXT, VALUES, max_size=3).filter(lambda op: op.get("op") != "fence")
TIMES = st.floats(-1e12, 1e12)
INTENTS = st.builds(
    Intent,
    txid=st.integers(0, 2**128 - 1).map(lambda number: f"{number:032x}"),
    actor=TEXT,
    ts=TIMES,
    ops=st.lists(OPS, max_size=3).map(tuple),
)
RECORDS = st.builds(
    Record,
    seq=st.just(0),
    prev=st.just(""),
    epoch=st.integers(0, 2**40),
    ts=st.just("2026-11-21T04:05:06.123456Z"),
    hlc=TIMES,
    tool=TEXT,
    intents=st.lists(INTENTS, min_size=1, max_size=3).map(tuple),
)


@given(RECORDS)
def test_a_record_reads_back_the_same(record: Record) -> None:
    data = encode_record(record, "blake3")
    assert decode_record(data, "log") == record
    assert json.loads(data)["intents"][0]["txid"] == record.intents[0].txid


@given(VALUES)
def test_canonical_json_does_not_depend_on_the_order_of_keys(value: object) -> None:
    def turned(inside: object) -> object:
        if isinstance(inside, dict):
            return {key: turned(inside[key]) for key in reversed(inside)}
        return [turned(item) for item in inside] if isinstance(inside, list) else inside

    assert canonical.encode(turned(value)) == canonical.encode(value)
    assert canonical.decode(canonical.encode(value)) == value


@settings(max_examples=300)
@given(RECORDS, st.randoms(use_true_random=False))
def test_one_flipped_bit_makes_it_no_record(record: Record, chance: random.Random) -> None:
    data = bytearray(encode_record(record, "blake3"))
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    with pytest.raises((JournalCorrupt, StoreUnsupported)):
        decode_record(bytes(data), "log")
