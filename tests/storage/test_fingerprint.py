"""Fingerprints: they tell every change, forget what is gone, and never say what was not so."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.storage.blobstore import blake3

from wbart_manifest.location import EMPTY, PACKED, WHOLE, Location
from wbart_storage import database
from wbart_storage.errors import StorageError, StoreFull
from wbart_storage.files.fingerprint import (
    NOWHERE,
    Fingerprints,
    Print,
    pack_place,
    unpack_place,
)
from wbart_storage.files.stamp import changed, racy, stamp

PLACE = pack_place(Location(WHOLE, length=3), blake3(b"x"))


def some(path: str, seed: str = "") -> Print:
    return Print(path, b"stamp" + seed.encode(), blake3((path + seed).encode()), PLACE, b"")


@pytest.fixture
def prints(tmp_path: Path) -> Iterator[Fingerprints]:
    made = Fingerprints(tmp_path / "local" / "state.db")
    yield made
    made.close()


def rewrite(path: Path) -> None:
    path.write_bytes(b"other")


def rewrite_and_hide(path: Path) -> None:
    before = path.stat()
    path.write_bytes(b"12346")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace(path: Path) -> None:
    before = path.stat()
    (path.parent / "new").write_bytes(b"12345")
    os.replace(path.parent / "new", path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"6")


@pytest.mark.parametrize("change", [rewrite, rewrite_and_hide, replace, grow])
def test_a_stamp_tells_a_change(tmp_path: Path, change: object) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    os.utime(path, ns=(1, 1))
    before = stamp(path.stat())
    assert stamp(path.stat()) == before
    assert callable(change)
    change(path)

    assert stamp(path.stat()) != before


def test_times_before_1970_have_stamps(tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.write_bytes(b"x")
    os.utime(path, ns=(0, -5_000_000_000))
    assert len(stamp(path.stat())) == 40


@pytest.mark.parametrize(("age", "expected"), [(0.0, True), (1.9, True), (2.1, False), (-5, True)])
def test_a_file_that_has_just_changed_is_not_trusted(
    tmp_path: Path, age: float, expected: bool
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x")
    latest = changed(path.stat())

    assert racy(latest, latest + int(age * 1e9)) is expected


def test_the_time_of_the_inode_counts_too(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x")
    os.utime(path, (1, 1))  # as cp -p and tar do
    status = path.stat()

    assert racy(changed(status), status.st_ctime_ns + 10**9)


@pytest.mark.parametrize(
    "location",
    [
        Location(EMPTY),
        Location(WHOLE, length=2**40),
        Location(WHOLE, length=5, epoch=7),
        Location(PACKED, blake3(b"p"), 2**33, 99, 1, 2**31),
    ],
)
def test_places_come_back_as_they_were(location: Location) -> None:
    digest = blake3(b"x")
    assert unpack_place(pack_place(location, digest), digest) == location


def test_a_flipped_bit_makes_a_place_worthless() -> None:
    digest = blake3(b"x")
    place = pack_place(Location(PACKED, blake3(b"p"), 2**33, 99, 1, 2**31), digest)
    for bit in range(len(place) * 8):
        assert unpack_place(flipped(place, bit), digest) is None
    for bit in range(len(digest) * 8):
        assert unpack_place(place, flipped(digest, bit)) is None
    assert unpack_place(b"", digest) is None


def flipped(data: bytes, bit: int) -> bytes:
    return data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :]


def test_prints_come_back_sorted_by_path(prints: Fingerprints) -> None:
    paths = ["b", "a/b", "a.b", "é", "\U0001f600", "\uff5e"]
    prints.record("/r", map(some, paths))

    assert list(prints.below("/r")) == [some(path) for path in sorted(paths, key=str.encode)]
    assert list(prints.below("/other")) == []


def test_a_later_print_replaces_an_earlier_one(prints: Fingerprints) -> None:
    prints.record("/r", [some("a"), some("b")])
    prints.record("/r", [some("a", "2")])

    assert prints.find("/r", "a") == some("a", "2")
    assert prints.find("/r", "b") == some("b")
    assert prints.find("/r", "c") is None
    assert prints.find("/s", "a") is None


def test_what_is_gone_is_forgotten(prints: Fingerprints) -> None:
    prints.record("/r", [some("a"), some("b")])
    prints.record("/s", [some("a")])
    prints.record("/r", [], gone=["a"])

    assert [each.path for each in prints.below("/r")] == ["b"]
    assert [each.path for each in prints.below("/s")] == ["a"]


def test_a_snapshot_ends_with_the_next_change(prints: Fingerprints) -> None:
    prints.record("/r", [some("a")])
    changes = prints.changes("/r")
    prints.set_snapshot("/r", changes, "as it is")
    assert prints.snapshot("/r") == "as it is"

    prints.record("/s", [some("a")])
    assert prints.snapshot("/r") == "as it is"
    prints.record("/r", [some("b")])
    assert prints.snapshot("/r") is None


def test_a_snapshot_of_what_has_changed_meanwhile_is_not_kept(prints: Fingerprints) -> None:
    prints.record("/r", [some("a")])
    changes = prints.changes("/r")
    prints.record("/r", [some("b")])
    prints.set_snapshot("/r", changes, "as it was")

    assert prints.snapshot("/r") is None
    assert prints.snapshot("/never") is None


def test_places_are_remembered_by_digest(prints: Fingerprints) -> None:
    assert not prints.has_places()
    prints.record_places([(blake3(b"x"), PLACE)])

    assert prints.has_places()
    assert prints.place(blake3(b"x")) == PLACE
    assert prints.place(blake3(b"y")) is None


def test_snapshots_end_when_what_they_hold_may_be_forgotten(prints: Fingerprints) -> None:
    prints.record("/r", [some("a")])
    prints.set_snapshot("/r", prints.changes("/r"), "as it is")

    prints.forget_object(blake3(b"lost"))

    assert prints.snapshot("/r") is None


def test_all_that_lay_in_a_lost_pack_is_forgotten(prints: Fingerprints) -> None:
    lost = pack_place(Location(PACKED, blake3(b"lost"), 5, 6), blake3(b"x"))
    kept = pack_place(Location(PACKED, blake3(b"kept"), 5, 6), blake3(b"x"))
    prints.record("/r", [some("a")._replace(place=lost), some("b")._replace(place=kept)])
    prints.record_places([(blake3(b"1"), lost), (blake3(b"2"), kept)])
    prints.forget_object(blake3(b"lost"))

    assert [each.path for each in prints.below("/r")] == ["b"]
    assert prints.place(blake3(b"1")) is None
    assert prints.place(blake3(b"2")) == kept


def test_another_connection_sees_what_was_recorded(prints: Fingerprints) -> None:
    second = prints.again()
    prints.record("/r", [some("a")])

    assert list(second.below("/r")) == [some("a")]
    second.close()


@pytest.mark.parametrize("junk", [b"", b"no database at all, but long enough to be one" * 50])
def test_a_damaged_database_is_begun_anew(tmp_path: Path, junk: bytes) -> None:
    (tmp_path / "state.db").write_bytes(junk)
    prints = Fingerprints(tmp_path / "state.db")
    prints.record("/r", [some("a")])

    assert list(prints.below("/r")) == [some("a")]
    prints.close()


def spoil(path: Path, page: int) -> None:
    """Overwrite everything from a page on, as a bad disk does."""
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    data = path.read_bytes()
    path.write_bytes(data[: page * 4096] + b"\xff" * (len(data) - page * 4096))


@pytest.mark.parametrize("page", [1, 6])
@pytest.mark.parametrize("write", [True, False])
def test_a_database_found_damaged_in_use_is_begun_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, page: int, write: bool
) -> None:
    with closing(Fingerprints(tmp_path / "state.db")) as before:
        before.record("/r", [some(f"{number:05}") for number in range(5000)])
        before.record_places((blake3(str(n).encode()), PLACE) for n in range(5000))
    spoil(tmp_path / "state.db", page)

    with closing(Fingerprints(tmp_path / "state.db")) as prints:
        if write:
            prints.record("/r", [some(f"{number:05}", "new") for number in range(5000)])
        else:
            with pytest.raises(StorageError, match=r"state\.db was damaged and is begun anew"):
                list(prints.below("/r"))
        assert "state.db is damaged" in caplog.text
        prints.record("/r", [some("a")])
        assert list(prints.below("/r")) == [some("a")]


def test_a_text_that_is_none_is_damage(prints: Fingerprints, tmp_path: Path) -> None:
    prints.record("/r", [some("a")])
    with sqlite3.connect(tmp_path / "local" / "state.db") as other:
        other.execute("UPDATE file SET path = CAST(x'ff' AS TEXT)")
    other.close()

    with pytest.raises(StorageError, match=r"state\.db was damaged"):
        list(prints.below("/r"))
    prints.record("/r", [some("a")])
    assert list(prints.below("/r")) == [some("a")]


def test_damage_found_at_a_single_place_is_no_place(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(Fingerprints(tmp_path / "state.db")) as before:
        before.record_places((blake3(str(n).encode()), PLACE) for n in range(5000))
    spoil(tmp_path / "state.db", 1)

    with closing(Fingerprints(tmp_path / "state.db")) as prints:
        assert prints.place(blake3(b"1")) is None
    assert "state.db is damaged" in caplog.text


def test_a_walk_keeps_nobody_from_writing(prints: Fingerprints) -> None:
    wanted = [some(f"{number:05}") for number in range(5000)]
    prints.record("/r", wanted)
    walk = prints.below("/r")
    seen = [next(walk)]
    with closing(prints.again()) as other:
        other.record("/s", [some("a")])
    prints.record("/s", [some("b")])

    assert seen + list(walk) == wanted


def test_a_full_disk_is_told_as_such(prints: Fingerprints, tmp_path: Path) -> None:
    prints._db.execute("PRAGMA max_page_count = 10")

    with pytest.raises(StoreFull, match=r"disk is full: .*state\.db"):
        prints.record("/r", [some(f"{number:05}") for number in range(5000)])


def test_a_database_that_somebody_else_holds_is_named(prints: Fingerprints) -> None:
    prints._db.execute("PRAGMA busy_timeout = 1")
    with closing(prints.again()) as other:
        other._db.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match=r"state\.db is unusable: database is locked"):
            prints.record("/r", [some("a")])


def test_a_database_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "state.db").mkdir()
    with pytest.raises(StorageError, match=r"state\.db"):
        Fingerprints(tmp_path / "state.db")


def test_a_database_that_others_are_making_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = database._open
    left = 3

    def busy(path: Path, schema: str, *more: int) -> sqlite3.Connection:
        nonlocal left
        left -= 1
        if left >= 0:
            raise sqlite3.OperationalError("database is locked")
        return opened(path, schema, *more)

    monkeypatch.setattr(database, "_open", busy)
    monkeypatch.setattr(database, "_PAUSE_SECONDS", 0.0001)
    Fingerprints(tmp_path / "state.db").close()
    assert left == -1


def test_a_database_that_others_never_leave_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Fingerprints(tmp_path / "state.db").close()
    monkeypatch.setattr(database, "_WAIT_SECONDS", 0.002)
    monkeypatch.setattr(database, "_PAUSE_SECONDS", 0.001)
    holder = sqlite3.connect(tmp_path / "state.db")
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StorageError, match="locked"):
        Fingerprints(tmp_path / "state.db")
    holder.close()


def test_a_database_of_another_layout_is_begun_anew(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "state.db") as other:
        other.execute("CREATE TABLE file (other)")
        other.execute("PRAGMA user_version = 999")
    other.close()
    prints = Fingerprints(tmp_path / "state.db")

    assert list(prints.below("/r")) == []
    prints.close()


def test_fingerprints_in_memory_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(Fingerprints(NOWHERE)) as prints, closing(prints.again()) as other:
        prints.record("/r", [some("a")])
        other.record("/r", [some("b")])

        assert list(prints.below("/r")) == [some("a")]
    assert list(tmp_path.iterdir()) == []
