"""Keys are spelled in one place: golden spellings, and the way back where there is one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wbart_storage import keys
from wbart_storage.clock import FixedClock, SystemClock, parse_time, rfc3339
from wbart_storage.errors import KeyInvalid

HEX = "ab" + "0" * 62
PREFIX = "c/team/proj/data/"


@pytest.mark.parametrize(
    ("key", "spelled"),
    [
        (keys.CONFIG_KEY, "wbart.json"),
        (keys.blob_key(HEX), f"o/ab/{HEX}"),
        (keys.blob_key(HEX, 3), f"o/ab/{HEX}~3"),
        (keys.node_key(HEX), f"t/ab/{HEX}"),
        (keys.node_key(HEX, 12), f"t/ab/{HEX}~12"),
        (keys.pack_key(HEX), f"k/ab/{HEX}.zip"),
        (keys.pack_key(HEX, 1), f"k/ab/{HEX}.zip~1"),
        (keys.recipe_key(HEX), f"r/ab/{HEX}"),
        (keys.collection_prefix("team", "proj", "data"), PREFIX),
        (keys.collection_prefix("a/b", "..", "ä"), "c/a%2Fb/%2E%2E/%C3%A4/"),
        (keys.runs_prefix("team", "proj"), "runs/team/proj/"),
        (keys.log_key(PREFIX, 0), PREFIX + "log/000000000000/00000000000000000000.json"),
        (keys.log_key(PREFIX, 64), PREFIX + "log/000000000001/00000000000000000064.json"),
        (keys.checkpoint_key(PREFIX, 31, "beef"), PREFIX + "ckpt/00000000000000000031-beef.json.z"),
        (keys.inbox_key(PREFIX, "ff"), PREFIX + "inbox/ff.json"),
        (keys.hint_key(PREFIX), "hints/c/team/proj/data/HEAD"),
        (keys.session_key("ff"), "s/ff.json"),
        (keys.epoch_key(7), "gc/log/00000000000000000007.json"),
        (keys.signature_key(HEX, "me@x"), f"sig/ab/{HEX}/me%40x.json"),
        (keys.damaged_key("o/ab/x"), "damaged/o/ab/x"),
    ],
)
def test_a_key_is_spelled_as_the_format_says(key: str, spelled: str) -> None:
    assert key == spelled
    assert keys.check_prefix(key) == key
    if not key.endswith("/"):
        assert keys.check_key(key) == key


@given(st.text(min_size=1))
def test_quoting_is_undone_and_safe(name: str) -> None:
    quoted = keys.quote(name)

    assert keys.unquote(quoted) == name
    assert "/" not in quoted
    assert "~" not in quoted
    if len(quoted) <= 255:
        assert keys.check_key(quoted) == quoted


@given(st.text(), st.text())
def test_different_names_never_share_a_key(one: str, other: str) -> None:
    assert (keys.quote(one) == keys.quote(other)) == (one == other)


def test_a_component_that_is_no_utf8_is_refused() -> None:
    with pytest.raises(KeyInvalid):
        keys.unquote("%FF")


@given(st.integers(0, 64 * 10**12 - 1))
def test_the_seq_of_a_slot_is_read_back(seq: int) -> None:
    assert keys.log_seq(keys.log_key(PREFIX, seq)) == seq


@given(st.lists(st.integers(0, 10**12), unique=True))
def test_slots_sort_as_their_numbers(seqs: list[int]) -> None:
    spelled = [keys.log_key(PREFIX, seq) for seq in sorted(seqs)]

    assert spelled == sorted(spelled)


@pytest.mark.parametrize(
    "key",
    [
        "log/000000000001/00000000000000000000.json",
        "log/000000000000/0.json",
        f"{PREFIX}ckpt/00000000000000000031-beef.json.z",
        "x" + keys.log_key("", 1),
    ],
)
def test_what_is_no_slot_has_no_seq(key: str) -> None:
    assert keys.log_seq(key) is None


def test_a_checkpoint_tells_its_seq_and_hash() -> None:
    assert keys.checkpoint_parts(keys.checkpoint_key(PREFIX, 95, "0af1")) == (95, "0af1")
    assert keys.checkpoint_parts(keys.log_key(PREFIX, 0)) is None


def test_epochs_go_on_and_come_off() -> None:
    for epoch in (0, 1, 42):
        assert keys.split_epoch(keys.pack_key(HEX, epoch)) == (keys.pack_key(HEX), epoch)
    for key in ("o/ab/x~", "o/ab/x~0", "o/ab/x~01", "o/ab/x~1~2", "o/ab/x~z"):
        with pytest.raises(KeyInvalid):
            keys.split_epoch(key)


@pytest.mark.parametrize("prefix", ["/", "a//", "../", "a/../b", ".tmp", "a b", "a/.x"])
def test_a_prefix_of_no_key_is_refused(prefix: str) -> None:
    with pytest.raises(KeyInvalid):
        keys.check_prefix(prefix)


def test_any_start_of_a_key_is_a_prefix() -> None:
    key = keys.log_key(PREFIX, 5)
    for length in range(len(key) + 1):
        assert keys.check_prefix(key[:length]) == key[:length]


def test_a_key_with_a_line_end_is_refused() -> None:
    with pytest.raises(KeyInvalid, match=r"^not an object key: 'a\\n'$"):
        keys.check_key("a\n")


def test_times_are_rfc3339_in_utc_with_six_decimals() -> None:
    assert rfc3339(0) == "1970-01-01T00:00:00.000000Z"
    assert rfc3339(1795233906.123456) == "2026-11-21T04:05:06.123456Z"
    assert rfc3339(0.9999999) == "1970-01-01T00:00:01.000000Z"


@given(st.integers(0, 250_000_000_000_000_000))
def test_times_are_read_back_to_the_microsecond(microseconds: int) -> None:
    seconds = microseconds / 1e6

    assert rfc3339(parse_time(rfc3339(seconds))) == rfc3339(seconds)


def test_times_of_other_zones_are_understood_and_none_means_utc() -> None:
    assert parse_time("1970-01-01T02:00:00+02:00") == 0.0
    assert parse_time("1970-01-01T00:00:01") == 1.0
    with pytest.raises(ValueError, match="yesterday"):
        parse_time("yesterday")


def test_a_fixed_clock_moves_when_told() -> None:
    clock = FixedClock(100.0)
    clock.advance(5)
    clock.advance(-50)

    assert (clock.now(), clock.monotonic()) == (55.0, 5.0)


def test_the_system_clock_never_goes_back() -> None:
    clock = SystemClock()
    first = clock.monotonic()

    assert clock.monotonic() >= first
    assert clock.now() > 1_700_000_000
