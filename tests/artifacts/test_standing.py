"""A manifest beside a folder: what is in both, missing and extra, whatever the batches."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wbart.folders import standing
from wbart.folders.standing import FolderReader, Stretch, side_by_side
from wbart_manifest.digest import digest_function
from wbart_manifest.entry import Entry, Reference
from wbart_manifest.location import WHOLE, Location
from wbart_storage.errors import SourceChanged
from wbart_storage.files.file_hash import FileHashes, hash_files
from wbart_storage.files.fingerprint import Fingerprints
from wbart_storage.files.scan import Columns, Found

blake3 = digest_function("blake3")
names = st.sets(st.text("abc", min_size=1, max_size=3))


def some(path: str) -> Entry:
    return Entry(path, 1, blake3(path.encode()))


def walk(entries: set[str], files: set[str], size: int) -> list[Stretch]:
    paths = sorted(files)
    columns = (Columns(paths[at : at + size], []) for at in range(0, len(paths), size))
    return list(side_by_side(map(some, sorted(entries)), columns))


@given(entries=names, files=names, size=st.integers(1, 4), batch=st.integers(1, 4))
def test_each_path_is_told_once_and_in_order(
    entries: set[str], files: set[str], size: int, batch: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(standing, "BATCH", batch)
        found = walk(entries, files, size)

    both = [entry.path for each in found for entry in each.entries]
    missing = [entry.path for each in found for entry in each.missing]
    extra = [path for each in found for path in each.extra]
    assert both == sorted(entries & files)
    assert missing == sorted(entries - files)
    assert extra == sorted(files - entries)
    for each in found:
        assert len(each.missing) <= batch


@given(entries=names, files=names)
def test_a_file_is_told_before_what_would_lie_below_it(entries: set[str], files: set[str]) -> None:
    seen: set[str] = set()
    for stretch in walk(entries, files, 2):
        seen |= set(stretch.extra)
        for entry in stretch.missing:
            assert {path for path in files - entries if path < entry.path} <= seen


def test_statuses_stay_with_their_files(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).write_text(name * 3)
    stats = [os.lstat(tmp_path / name) for name in "abc"]
    [stretch] = side_by_side(iter([some("b"), some("c")]), [Columns(["a", "b", "c"], stats)])

    assert (stretch.stats, stretch.extra) == (stats[1:], ["a"])


class Reading:
    """A folder with a few files, and readers of it that share their fingerprints."""

    def __init__(self, root: Path, local: Path) -> None:
        self.root = root
        self.prints = Fingerprints(local / "state.db")
        self.read: list[str] = []

    def entry(self, path: str, data: bytes) -> Entry:
        location = Location(WHOLE, length=len(data))
        return Entry(path, len(data), blake3(data), None, location)

    def others(self, *entries: Entry, now: float = 4e9) -> list[int]:
        reader = FolderReader(str(self.root), self.prints, "blake3", now)
        try:
            return reader.others(
                list(entries), [os.lstat(self.root / entry.path) for entry in entries]
            )
        finally:
            reader.close()


@pytest.fixture
def reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reading:
    root = tmp_path / "root"
    root.mkdir()
    for name in "abc":
        (root / name).write_text(name)
    made = Reading(root, tmp_path)

    def noted(root: str, algorithm: str, flags: int, paths: list[str]) -> FileHashes:
        made.read += paths
        return hash_files(root, algorithm, flags, paths)

    monkeypatch.setattr(standing, "hash_files", noted)
    return made


def test_only_files_of_the_right_size_are_read(reading: Reading) -> None:
    a, b, c = reading.entry("a", b"a"), reading.entry("b", b"bb"), reading.entry("c", b"x")

    assert reading.others(a, b, c) == [1, 2]
    assert reading.read == ["a", "c"]


def test_what_was_read_is_remembered(reading: Reading) -> None:
    entries = [reading.entry(name, name.encode()) for name in "abc"]
    assert reading.others(*entries) == reading.others(*entries) == []
    assert reading.read == ["a", "b", "c"]

    assert reading.others(*entries[:2], reading.entry("c", b"x")) == [2]
    assert reading.read == ["a", "b", "c"]


def test_what_is_too_young_is_read_again(reading: Reading) -> None:
    entry = reading.entry("a", b"a")
    now = os.lstat(reading.root / "a").st_ctime + 1
    assert reading.others(entry, now=now) == reading.others(entry, now=now) == []
    assert reading.read == ["a", "a"]


def test_a_file_that_changed_is_read_again(reading: Reading) -> None:
    entry = reading.entry("a", b"a")
    reading.others(entry)
    (reading.root / "a").write_text("b")

    assert reading.others(entry) == [0]
    assert reading.read == ["a", "a"]


def test_a_link_and_a_reference_are_never_the_same(reading: Reading) -> None:
    (reading.root / "b").unlink()
    (reading.root / "b").symlink_to("a")
    reference = Entry("c", 1, b"", Reference("file:///c", "x", b""))

    assert reading.others(reading.entry("b", b"a"), reference) == [0, 1]
    assert reading.read == []


def test_one_file_may_be_asked_for_alone(reading: Reading) -> None:
    reader = FolderReader(str(reading.root), reading.prints, "blake3", 4e9)
    status = os.lstat(reading.root / "a")

    assert reader.same(reading.entry("a", b"a"), Found("a", status))
    assert not reader.same(reading.entry("a", b"b"), Found("a", status))


def test_a_file_that_vanishes_is_named(reading: Reading) -> None:
    entry = reading.entry("a", b"a")
    status = os.lstat(reading.root / "a")
    (reading.root / "a").unlink()
    reader = FolderReader(str(reading.root), reading.prints, "blake3", 4e9)

    with pytest.raises(SourceChanged, match=r"vanished.*a"):
        reader.others([entry], [status])
