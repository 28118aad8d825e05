"""Checkpoints and hints may be late, lost, damaged or lies: the log alone is believed."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Callable

import msgspec
import pytest
from tests.storage.numbering import PREFIX, Counted, Numbers, committed, new_intent, new_journal

from wbart_manifest.digest import domain
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.clock import FixedClock
from wbart_storage.errors import (
    JournalCorrupt,
    StoreFull,
    StoreUnavailable,
    StoreUnsupported,
)
from wbart_storage.journal import checkpoint
from wbart_storage.journal.journal import Journal
from wbart_storage.journal.record import decode_record, encode_record
from wbart_storage.keys import checkpoint_key, checkpoint_prefix, hint_key, log_key

CHANCE = random.Random(13)
HINT = hint_key(PREFIX)


def fill(store: MemoryObjects, count: int) -> None:
    journal = new_journal(store)
    for _ in range(count):
        journal.commit(new_intent(CHANCE))


def checkpoints(store: MemoryObjects) -> list[str]:
    return [stat.key for stat in store.list(checkpoint_prefix(PREFIX))]


def forge(store: MemoryObjects, seq: int, data: bytes) -> str:
    """Put a checkpoint whose name carries the right hash, and hint at it."""
    key = checkpoint_key(PREFIX, seq, domain("wbart-checkpoint-v1", "blake3", data)[:8].hex())
    store.put(key, data)
    hint = {"v": 1, "seq": seq, "checkpoint": key.rpartition("/")[2]}
    store.put(HINT, json.dumps(hint).encode())
    return key


@pytest.fixture
def store() -> MemoryObjects:
    store = MemoryObjects()
    fill(store, 70)
    return store


def test_every_thirty_second_record_has_a_checkpoint(store: MemoryObjects) -> None:
    keys = checkpoints(store)
    assert [key[: -len("0123456789abcdef.json.z")][-3:] for key in keys] == ["31-", "63-"]
    assert json.loads(store.get(HINT)) == {
        "v": 1,
        "seq": 63,
        "checkpoint": keys[1].rpartition("/")[2],
    }


def test_a_checkpoint_is_plain_zlib_and_json(store: MemoryObjects) -> None:
    document = json.loads(zlib.decompress(store.get(checkpoints(store)[0])))
    state = committed(store)[:32]
    assert document["state"] == state
    assert document["txids"] == [[seq, txid] for seq, txid in enumerate(state)]
    assert (document["v"], document["seq"], document["fence"]) == (1, 31, 0)


def test_a_reader_of_a_checkpoint_reads_only_what_follows(store: MemoryObjects) -> None:
    counted = Counted(store)
    assert new_journal(counted).read() == committed(store)
    assert log_key("", 62) not in " ".join(counted.calls)


HINTS: dict[str, bytes | None] = {
    "missing": None,
    "empty": b"",
    "no JSON": b"\xff{",
    "a number": b"7",
    "a list": b"[]",
    "no name in it": b'{"seq":63}',
    "a name that is none": b'{"checkpoint":null}',
    "a way out": b'{"checkpoint":"../../../../wbart.json"}',
    "a way out that ends well": (
        b'{"checkpoint":"../x/ckpt/00000000000000000063-0123456789abcdef.json.z"}'
    ),
    "a checkpoint that is not there": (
        b'{"checkpoint":"00000000000000000063-0123456789abcdef.json.z"}'
    ),
    "a checkpoint from the future": (
        b'{"checkpoint":"99999999999999999999-0123456789abcdef.json.z"}'
    ),
    "very long": b'{"checkpoint":"' + b"x" * 10**6,
    "nested": b"[" * 4096,
}


@pytest.mark.parametrize("name", HINTS)
def test_a_hint_misleads_nobody(store: MemoryObjects, name: str) -> None:
    hint = HINTS[name]
    store.delete([HINT])
    if hint is not None:
        store.put(HINT, hint)
    counted = Counted(store)
    assert new_journal(counted).read() == committed(store)
    assert log_key("", 1) not in " ".join(counted.calls)
    assert new_journal(store).commit(new_intent(CHANCE)) == (70, {"number": 70})


def test_a_hint_that_is_behind_costs_only_reading(store: MemoryObjects) -> None:
    name = checkpoints(store)[0].rpartition("/")[2]
    store.put(HINT, json.dumps({"v": 1, "seq": 31, "checkpoint": name}).encode())
    assert new_journal(store).read() == committed(store)


def test_a_hint_that_cannot_be_read_is_done_without(store: MemoryObjects) -> None:
    def unavailable(call: str, key: str) -> None:
        if key == HINT:
            raise StoreUnavailable("try later")

    counted = Counted(store)
    counted.before = unavailable
    assert new_journal(counted).read() == committed(store)


DAMAGES: dict[str, Callable[[bytes], bytes | None]] = {
    "gone": lambda data: None,
    "empty": lambda data: b"",
    "cut short": lambda data: data[:-1],
    "longer": lambda data: data + b"\0",
    "a flipped bit": lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:],
}


@pytest.mark.parametrize("name", DAMAGES)
@pytest.mark.parametrize("which", [slice(1, 2), slice(0, 2)], ids=["the newest", "all"])
def test_a_damaged_checkpoint_is_passed_over(store: MemoryObjects, name: str, which: slice) -> None:
    for key in checkpoints(store)[which]:
        data = DAMAGES[name](store.get(key))
        store.delete([key])
        if data is not None:
            store.put(key, data)
    assert new_journal(store).read() == committed(store)
    assert new_journal(store).state_at(1e12) == committed(store)
    assert new_journal(store).commit(new_intent(CHANCE)) == (70, {"number": 70})


def sealed(**changes: object) -> Callable[[dict[str, object]], bytes]:
    """Checkpoints that are whole, but say something wrong."""

    def seal(document: dict[str, object]) -> bytes:
        return zlib.compress(json.dumps({**document, **changes}).encode())

    return seal


FORGED: dict[str, Callable[[dict[str, object]], bytes]] = {
    "no zlib": lambda document: json.dumps(document).encode(),
    "no JSON": lambda document: zlib.compress(b"{"),
    "a list": lambda document: zlib.compress(b"[]"),
    "nested": lambda document: zlib.compress(b"[" * 100_000),
    "something after it": lambda document: sealed()(document) + b"more",
    "a newer version": sealed(v=2),
    "another seq": sealed(seq=3),
    "another log": sealed(digest="blake3:" + "0" * 64),
    "no txids": sealed(txids=None),
    "odd txids": sealed(txids=[[]]),
    "odd fence": sealed(fence="1"),
    "a state that the fold does not know": sealed(state={"new": "form"}),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_checkpoint_that_does_not_fit_is_passed_over(store: MemoryObjects, name: str) -> None:
    document = json.loads(zlib.decompress(store.get(checkpoints(store)[1])))
    forge(store, 63, FORGED[name]({**document, "state": ["a lie"]}))
    assert new_journal(store).read() == committed(store)


def test_a_checkpoint_that_is_not_what_its_name_says_is_passed_over(store: MemoryObjects) -> None:
    key = checkpoints(store)[1]
    document = json.loads(zlib.decompress(store.get(key)))
    store.put(key, sealed(state=["a lie"])(document))
    assert new_journal(store).read() == committed(store)


def test_a_checkpoint_beyond_the_log_is_passed_over(store: MemoryObjects) -> None:
    document = json.loads(zlib.decompress(store.get(checkpoints(store)[1])))
    forge(store, 999, sealed(seq=999)(document))
    assert new_journal(store).commit(new_intent(CHANCE)) == (70, {"number": 70})


def test_a_checkpoint_that_would_fill_the_memory_is_passed_over(
    store: MemoryObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "_LIMIT", 1000)
    assert new_journal(store).read() == committed(store)


def test_a_checkpoint_that_cannot_be_saved_is_no_failure(store: MemoryObjects) -> None:
    def full(call: str, key: str) -> None:
        if call in ("create", "put") and ("ckpt" in key or "hints" in key):
            raise StoreFull("no room")

    counted = Counted(store)
    counted.before = full
    journal = new_journal(counted)
    for _ in range(40):
        journal.commit(new_intent(CHANCE))
    assert len(checkpoints(store)) == 2
    assert new_journal(store).read() == journal.read() == committed(store)


def test_two_who_save_the_same_checkpoint_do_not_meet(store: MemoryObjects) -> None:
    hint, keys = store.get(HINT), checkpoints(store)
    store.delete([HINT])
    journal = new_journal(store)
    journal.state_at(1_700_000_000.0)
    tally = journal._tail.past(63)
    journal._tail._checkpoints.save(tally)
    assert checkpoints(store) == keys
    assert store.get(HINT) == hint


def test_a_gap_in_the_log_is_damage(store: MemoryObjects) -> None:
    store.delete([*checkpoints(store), log_key(PREFIX, 40)])
    with pytest.raises(JournalCorrupt, match=r"0040\.json: missing"):
        new_journal(store).read()


def test_a_record_that_was_changed_breaks_its_seal(store: MemoryObjects) -> None:
    key = log_key(PREFIX, 66)
    store.put(key, store.get(key).replace(b"somebody", b"somebddy"))
    with pytest.raises(JournalCorrupt, match=r"0066\.json: no record: its sum is another"):
        new_journal(store).read()


def test_a_record_that_was_changed_and_sealed_breaks_the_chain(store: MemoryObjects) -> None:
    key = log_key(PREFIX, 66)
    other = msgspec.structs.replace(decode_record(store.get(key), key), tool="other")
    store.put(key, encode_record(other, "blake3"))
    with pytest.raises(JournalCorrupt, match=r"0067\.json: does not name"):
        new_journal(store).read()
    with pytest.raises(JournalCorrupt, match=r"0067\.json: does not name"):
        list(new_journal(store).records(66))


def test_a_record_in_the_wrong_slot_is_damage(store: MemoryObjects) -> None:
    store.put(log_key(PREFIX, 70), store.get(log_key(PREFIX, 69)))
    with pytest.raises(JournalCorrupt, match=r"0070\.json: holds record 69"):
        new_journal(store).read()


def test_damage_stays_told_until_it_is_healed(store: MemoryObjects) -> None:
    journal = new_journal(store)
    journal.read()
    key = log_key(PREFIX, 70)
    store.put(key, b"garbage")
    for _ in range(2):
        with pytest.raises(JournalCorrupt, match="0070"):
            journal.read()
        with pytest.raises(JournalCorrupt, match="0070"):
            journal.commit(new_intent(CHANCE))
    store.delete([key])
    assert journal.commit(new_intent(CHANCE)) == (70, {"number": 70})


def test_a_record_of_a_newer_release_is_not_damage(store: MemoryObjects) -> None:
    store.put(log_key(PREFIX, 70), b'{"v":2}')
    with pytest.raises(StoreUnsupported, match="version 2"):
        new_journal(store).read()
    with pytest.raises(StoreUnsupported, match="version 2"):
        new_journal(store).commit(new_intent(CHANCE))


def test_a_log_of_another_algorithm_does_not_pass(store: MemoryObjects) -> None:
    other = Journal(store, PREFIX, Numbers(), algorithm="sha256", clock=FixedClock(), tool="test")
    with pytest.raises(JournalCorrupt, match="does not name"):
        other.read()
