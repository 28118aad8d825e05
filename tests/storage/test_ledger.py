"""The ledger: what was known beside what is found, and fingerprints that wait for their packs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.storage.blobstore import blake3

from wbart_manifest.location import EMPTY, PACKED, WHOLE, Location
from wbart_storage.clock import SystemClock
from wbart_storage.files.fingerprint import Fingerprints, Print, pack_place, unpack_place
from wbart_storage.files.stamp import NEVER
from wbart_storage.staging.ledger import Known, Ledger
from wbart_storage.staging.session import Session
from wbart_storage.staging.staged_packs import StagedPacks


def some(path: str, stamp: bytes = b"stamp") -> Print:
    return Print(path, stamp, blake3(path.encode()), None, b"")


def test_known_finds_what_is_asked_for_in_order() -> None:
    known = Known(iter([some(path) for path in "bdfh"]))

    assert [known.at(path) for path in "abcdi"] == [None, some("b"), None, some("d"), None]
    assert known.gone() == ["f", "h"]


def test_known_tells_all_that_was_never_asked_for() -> None:
    known = Known(iter([some(path) for path in "abcdef"]))
    for path in "ce":
        known.at(path)

    assert known.gone() == ["a", "b", "d", "f"]
    assert Known(iter([])).gone() == []


@pytest.fixture
def packs(tmp_path: Path) -> Iterator[StagedPacks]:
    with Session(tmp_path / "staging", SystemClock()) as session:
        made = StagedPacks(session, "blake3", 10_000, 2)
        yield made
        made.close()


@pytest.fixture
def prints(tmp_path: Path) -> Iterator[Fingerprints]:
    made = Fingerprints(tmp_path / "state.db")
    yield made
    made.close()


@pytest.fixture
def ledger(prints: Fingerprints, packs: StagedPacks) -> Iterator[Ledger]:
    made = Ledger(prints, packs)
    yield made
    made.close()


def test_a_whole_blob_is_remembered_at_once(ledger: Ledger, prints: Fingerprints) -> None:
    ledger.note("/r", some("a"), Location(WHOLE, length=7))
    ledger.settle()
    ledger.finish()

    place = pack_place(Location(WHOLE, length=7), blake3(b"a"))
    assert list(prints.below("/r")) == [some("a")._replace(place=place)]
    assert prints.place(blake3(b"a")) == place
    assert ledger.recorded == {"/r": 1} == {"/r": prints.changes("/r")}


def test_a_packed_blob_waits_for_its_pack(
    ledger: Ledger, prints: Fingerprints, packs: StagedPacks
) -> None:
    for name in (b"a", b"b"):
        ledger.note("/r", some(name.decode()), packs.add(blake3(name), name))
    ledger.settle()
    ledger.finish()
    assert list(prints.below("/r")) == []

    packs.seal()
    ledger.settle()
    ledger.finish()
    a, b = (unpack_place(each.place or b"", each.digest) for each in prints.below("/r"))
    assert a is not None
    assert b is not None
    assert (a.kind, b.kind) == (PACKED, PACKED)
    assert a.object == b.object
    assert len(a.object.lstrip(b"\0")) > 24


def test_a_blob_that_is_spread_has_its_final_place(
    ledger: Ledger, prints: Fingerprints, packs: StagedPacks
) -> None:
    ledger.note("/r", some("a"), packs.add(blake3(b"a"), b"a"))
    packs.seal()
    ledger.settle()
    ledger.finish()

    assert prints.place(blake3(b"a")) == pack_place(Location(WHOLE, length=1), blake3(b"a"))


def test_a_file_that_is_not_trusted_is_remembered_too(ledger: Ledger, prints: Fingerprints) -> None:
    """Or nobody would miss it when it is gone."""
    ledger.note("/r", some("a", stamp=NEVER), Location(WHOLE, length=7))
    ledger.note("/r", some("b"), Location(EMPTY))
    ledger.settle()
    ledger.finish()

    assert [(each.path, each.stamp) for each in prints.below("/r")] == [
        ("a", NEVER),
        ("b", b"stamp"),
    ]
    assert prints.place(blake3(b"a")) is not None


def test_what_is_gone_is_forgotten_after_all_is_written(
    ledger: Ledger, prints: Fingerprints
) -> None:
    ledger.note("/r", some("a"), Location(WHOLE, length=7))
    ledger.settle()
    ledger.forget("/r", ["a"])

    assert list(prints.below("/r")) == []
    assert ledger.recorded["/r"] == prints.changes("/r") == 2


def test_what_goes_wrong_in_the_background_is_raised(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk is gone")

    monkeypatch.setattr(Fingerprints, "record", fail)
    ledger.note("/r", some("a"), Location(WHOLE, length=7))
    ledger.settle()
    with pytest.raises(OSError, match="disk is gone"):
        ledger.finish()


def test_one_writer_may_follow_another(ledger: Ledger, prints: Fingerprints) -> None:
    started = time.monotonic()
    for number in range(50):
        ledger.note("/r", some(f"{number:02}"), Location(WHOLE, length=7))
        ledger.settle()
    ledger.finish()

    assert [each.path for each in prints.below("/r")] == [f"{n:02}" for n in range(50)]
    assert time.monotonic() - started < 20
