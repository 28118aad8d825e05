"""Records: their bytes are frozen, and nothing but those bytes is read back."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from wbart_storage.errors import JournalCorrupt, StoreUnsupported
from wbart_storage.journal import canonical
from wbart_storage.journal.record import Intent, Record, decode_record, encode_record, record_digest
from wbart_storage.journal.seal import seal

INTENT = Intent(
    txid="00112233445566778899aabbccddeeff",
    actor="zoë",
    ts=1700000000.25,
    ops=(
        {"op": "version", "metadata": {"f1": 0.1, "n": 3, "big": 2**70, "no": None, "x": [True]}},
        {"op": "alias", "add": ['a"\\/\n\x01\x7f\u2028😀']},
    ),
)
FIRST = Record(
    seq=0,
    prev="",
    epoch=0,
    ts="2023-11-14T22:13:20.250000Z",
    hlc=1700000000.25,
    tool="wbart 0.1",
    intents=(INTENT,),
)
GOLDEN = (
    b'{"epoch":0,"hlc":1700000000.25,"intents":[{"actor":"zo\xc3\xab","ops":['
    b'{"metadata":{"big":1180591620717411303424,"f1":0.1,"n":3,"no":null,"x":[true]},'
    b'"op":"version"},'
    b'{"add":["a\\"\\\\/\\n\\u0001\x7f\xe2\x80\xa8\xf0\x9f\x98\x80"],"op":"alias"}],'
    b'"ts":1700000000.25,"txid":"00112233445566778899aabbccddeeff"}],'
    b'"prev":"","seq":0,"sum":"blake3:743cbd2963c05ebfc032fe941417c206","tool":"wbart 0.1",'
    b'"ts":"2023-11-14T22:13:20.250000Z","v":1}'
)
DIGESTS = {
    "blake3": "blake3:f09fed10feb12b42444e61b485b8c32e5c8a0b7d34f5518a93091e0636320552",
    "sha256": "sha256:71173b2489c8dd35a5fce56a76fcfe08a2f643d2e883fdad56b7ca6213ab871d",
}


def changed(**fields: object) -> bytes:
    """The bytes of the first record with some fields changed, in canonical form, and sealed."""
    document: dict[str, Any] = json.loads(GOLDEN)
    del document["sum"]
    document.update(fields)
    kept = {name: value for name, value in document.items() if value != "gone"}
    return seal(kept, "wbart-record-sum-v1", "blake3")


def unsealed(**fields: object) -> bytes:
    """The bytes with some fields changed in canonical form, and the seal as it was."""
    document: dict[str, Any] = {**json.loads(GOLDEN), **fields}
    return canonical.encode({name: value for name, value in document.items() if value != "gone"})


def intent_with(**fields: object) -> list[dict[str, Any]]:
    intent: dict[str, Any] = json.loads(GOLDEN)["intents"][0]
    return [{**intent, **fields}]


def test_the_bytes_of_a_record_are_frozen() -> None:
    assert encode_record(FIRST, "blake3") == GOLDEN


@pytest.mark.parametrize("algorithm", DIGESTS)
def test_the_digest_of_a_record_is_frozen(algorithm: str) -> None:
    assert record_digest(GOLDEN, algorithm) == DIGESTS[algorithm]


def test_a_record_reads_back_the_same() -> None:
    record = decode_record(GOLDEN, "log/0")
    assert encode_record(record, "blake3") == GOLDEN
    assert record.intents[0].ops[0] == INTENT.ops[0]


def test_a_time_that_is_a_whole_number_is_written_as_a_float() -> None:
    record = Record(seq=0, prev="", epoch=0, ts=FIRST.ts, hlc=5, tool="", intents=(INTENT,))
    assert b'"hlc":5.0,' in encode_record(record, "blake3")


def test_a_record_cut_short_anywhere_is_damage() -> None:
    for end in range(len(GOLDEN)):
        with pytest.raises(JournalCorrupt, match="log/7"):
            decode_record(GOLDEN[:end], "log/7")


DAMAGED = {
    "a field is missing": changed(tool="gone"),
    "a field is unknown": changed(more=1),
    "seq is negative": changed(seq=-1),
    "seq is a float": changed(seq=0.0),
    "seq is a boolean": changed(seq=False),
    "hlc is an integer": changed(hlc=1700000000),
    "epoch is negative": changed(epoch=-1),
    "prev in the first": changed(prev="blake3:" + "0" * 64),
    "no prev later": changed(seq=1),
    "prev is no digest": changed(seq=1, prev="blake3:12"),
    "ts is no time": changed(ts="yesterday"),
    "no intents": changed(intents=[]),
    "no txid": changed(intents=intent_with(txid="")),
    "txid in capitals": changed(intents=intent_with(txid="A" * 32)),
    "ops are no objects": changed(intents=intent_with(ops=[1])),
    "fence without epoch": changed(intents=intent_with(ops=[{"op": "fence"}])),
    "fence of epoch true": changed(intents=intent_with(ops=[{"op": "fence", "epoch": True}])),
    "fence of epoch 0": changed(intents=intent_with(ops=[{"op": "fence", "epoch": 0}])),
    "version is true": changed(v=True),
    "version is 0": changed(v=0),
    "version is missing": changed(v="gone"),
    "a space": GOLDEN.replace(b":0,", b": 0,", 1),
    "a newline at the end": GOLDEN + b"\n",
    "a key twice": GOLDEN.replace(b'{"epoch":0,', b'{"epoch":0,"epoch":0,'),
    "a NaN": GOLDEN.replace(b"0.1", b"NaN"),
    "an infinity": GOLDEN.replace(b"0.1", b"1e999"),
    "an escape too many": GOLDEN.replace(b"zo\xc3\xab", b"zo\\u00eb"),
    "a lone surrogate": GOLDEN.replace(b"zo\xc3\xab", b"zo\\ud800"),
    "a float of other form": GOLDEN.replace(b"0.1", b"0.10"),
    "not UTF-8": GOLDEN.replace(b"\xc3\xab", b"\xff"),
    "a list": b"[]",
    "nothing": b"",
    "nested without end": b"[" * 100_000,
    "an integer without end": GOLDEN.replace(b"0.1", b"1" * 5000),
    "a flipped bit in a string": GOLDEN.replace(b"zo", b"zn"),
    "a flipped bit in a number": unsealed(epoch=1),
    "the seal is missing": unsealed(sum="gone"),
    "the seal is of another kind": seal(
        {name: value for name, value in json.loads(GOLDEN).items() if name != "sum"},
        "wbart-letter-sum-v1",
        "blake3",
    ),
    "the seal names no algorithm": GOLDEN.replace(b'"blake3:', b'"blake2:'),
    "the seal is no string": unsealed(sum=7),
    "the seal is longer": GOLDEN.replace(b'","tool"', b'0","tool"'),
    "UTF-16": GOLDEN.decode().encode("utf-16"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_damage_is_told_as_such(damage: str) -> None:
    with pytest.raises(JournalCorrupt, match=r"^journal damaged at log/7: [^\n]+$"):
        decode_record(DAMAGED[damage], "log/7")


@pytest.mark.parametrize("version", [2, 2**70])
def test_a_newer_record_is_not_damage(version: int) -> None:
    with pytest.raises(StoreUnsupported, match="log/7"):
        decode_record(changed(v=version, news=[]), "log/7")


UNFIT: dict[str, object] = {
    "NaN": math.nan,
    "infinity": -math.inf,
    "bytes": b"x",
    "set": {1},
    "key": {1: 2},
    "surrogate": "\ud800",
    "surrogate in key": {"\ud800": 1},
}


@pytest.mark.parametrize("name", UNFIT)
def test_what_json_cannot_say_is_never_written(name: str) -> None:
    with pytest.raises(ValueError):
        canonical.encode({"a": [UNFIT[name]]})


def test_nesting_has_a_bound() -> None:
    deep: object = 1
    for _ in range(canonical.MAX_DEPTH):
        deep = [deep]
    assert canonical.encode(deep) == b"[" * 128 + b"1" + b"]" * 128
    with pytest.raises(ValueError, match="nested"):
        canonical.encode([deep])


def test_keys_are_sorted_as_their_utf8_bytes_are() -> None:
    keys = ["\U0001f600", "\uffff", "z", "é", "a", "", "aa"]
    pairs = json.loads(
        canonical.encode(dict.fromkeys(keys, 0)), object_pairs_hook=lambda pairs: pairs
    )
    assert [key.encode() for key, _ in pairs] == sorted(key.encode() for key in keys)


@pytest.mark.parametrize("value", [0.1, -0.0, 1e16, 1e-7, 5e-324, 1.7976931348623157e308, 2.0])
def test_floats_read_back_as_they_were(value: float) -> None:
    back = canonical.decode(canonical.encode(value))
    assert isinstance(back, float)
    assert math.copysign(1, back) == math.copysign(1, value)
    assert back == value
