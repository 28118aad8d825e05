from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.artifacts.house import House, listing
from tests.patience import until

from wbart.drafts import draft, saving, snapshot
from wbart.drafts.upload import upload
from wbart_manifest.errors import EntryClash, PathInvalid
from wbart_manifest.manifest import Manifest
from wbart_storage.errors import AccessDenied, BlobMissing, FolderUnsafe, SourceChanged, StoreFull
from wbart_storage.files.fingerprint import Fingerprints
from wbart_storage.progress import Event

FILES = {"a.txt": "1", ".hidden": "2", "sub/b.txt": "3", "sub/deep/c.txt": ""}


def paths(artifact: Any) -> list[str]:
    return [entry.path for entry in artifact.manifest]


def test_all_files_below_come_along_hidden_ones_too(house: House) -> None:
    artifact = house.draft()

    artifact.add_dir(house.tree("in", FILES))

    assert paths(artifact) == sorted(FILES)
    assert listing(house.save(artifact).download("out")) == FILES


def test_a_name_goes_before_every_path(house: House) -> None:
    artifact = house.draft()

    artifact.add_dir(house.tree("in", FILES), "top/x")

    assert paths(artifact) == sorted(f"top/x/{path}" for path in FILES)


def test_an_empty_folder_adds_nothing(house: House) -> None:
    artifact = house.draft()
    (house.folder / "in" / "empty").mkdir(parents=True)

    artifact.add_dir(house.folder / "in")

    assert paths(house.save(artifact)) == []


def test_a_path_that_is_no_folder_is_refused(house: House) -> None:
    for path in (house.file("a.txt"), house.folder / "nothing"):
        with pytest.raises(ValueError, match="Path is not a directory"):
            house.draft().add_dir(path)
    with pytest.raises(ValueError, match="Invalid policy"):
        house.draft().add_dir(house.tree("in", FILES), policy="fluid")


@pytest.mark.parametrize("name", ["/x", "../x", "C:/x"])
def test_a_folder_name_that_climbs_out_is_refused(house: House, name: str) -> None:
    with pytest.raises(PathInvalid):
        house.draft().add_dir(house.tree("in", FILES), name)


def test_links_are_followed(house: House) -> None:
    house.tree("elsewhere", {"x": "1"})
    root = house.tree("in", {"a": "2"})
    (root / "folder").symlink_to("../elsewhere")
    (root / "file").symlink_to("a")
    artifact = house.draft()

    artifact.add_dir(root)

    assert listing(house.save(artifact).download("out")) == {"a": "2", "file": "2", "folder/x": "1"}


def test_a_loop_of_links_is_refused_and_nothing_is_added(house: House) -> None:
    root = house.tree("in", FILES)
    (root / "sub" / "up").symlink_to("..")
    artifact = house.draft()

    with pytest.raises(FolderUnsafe, match="sub/up"):
        artifact.add_dir(root)

    assert paths(artifact) == []


@pytest.mark.parametrize("name", ["a\nb", "a\\b", "C:", "\udcff"])
def test_a_file_name_that_no_artifact_can_hold_is_named_at_once(house: House, name: str) -> None:
    root = house.tree("in", FILES)
    Path(os.fsdecode(os.fsencode(root) + b"/" + os.fsencode(name))).write_text("x")
    artifact = house.draft()

    with pytest.raises(PathInvalid, match="Invalid artifact path"):
        artifact.add_dir(root)

    assert paths(house.save(artifact)) == []


def test_what_is_no_regular_file_is_refused(house: House) -> None:
    root = house.tree("in", FILES)
    os.mkfifo(root / "sub" / "pipe")

    with pytest.raises(SourceChanged, match=r"not a regular file: .*sub/pipe"):
        house.draft().add_dir(root)


def test_a_link_that_leads_nowhere_is_named(house: House) -> None:
    root = house.tree("in", FILES)
    (root / "dangling").symlink_to("nothing")

    with pytest.raises(SourceChanged, match="dangling"):
        house.draft().add_dir(root)


def test_changed_content_needs_merge_and_else_adds_nothing(house: House) -> None:
    artifact = house.draft({"b": "old", "kept": "k"})
    root = house.tree("in", {"a": "1", "b": "new"})

    with pytest.raises(EntryClash, match="'b'"):
        artifact.add_dir(root)
    assert paths(artifact) == ["b", "kept"]
    artifact.add_dir(root, merge=True)

    wanted = {"a": "1", "b": "new", "kept": "k"}
    assert listing(house.save(artifact).download("out")) == wanted


def test_the_same_folder_twice_is_fine(house: House) -> None:
    artifact, root = house.draft(), house.tree("in", FILES)

    artifact.add_dir(root)
    artifact.add_dir(root)

    assert len(artifact.manifest) == len(FILES)


@pytest.mark.parametrize(
    "error", [PermissionError(13, "Permission denied"), FileNotFoundError(2, "No")]
)
def test_a_file_that_fails_half_way_leaves_the_draft_as_it_was(
    house: House, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    root = house.tree("in", {f"{number:04}": f"{number}" * 9 for number in range(1200)})
    artifact = house.draft({"before": "x"})
    really = os.open

    def refuse(path: Any, *args: Any, **more: Any) -> int:
        if str(path).endswith("/1100"):
            raise error
        return really(path, *args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        with pytest.raises((AccessDenied, SourceChanged), match="1100"):
            artifact.add_dir(root)

    assert paths(artifact) == ["before"]
    house.save(artifact)
    stored = b"".join(path.read_bytes() for path in house.objects("k") + house.objects("o"))
    assert b"111111111" not in stored
    assert house.version({"again": "1" * 9}, name="again").verify_stored().ok


def test_the_draft_can_be_filled_again_after_a_failure(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = house.tree("in", {f"{number:04}": f"{number}" for number in range(600)})
    pipe = root / "0599x"
    os.mkfifo(pipe)
    artifact = house.draft()
    with pytest.raises(SourceChanged):
        artifact.add_dir(root)
    pipe.unlink()

    artifact.add_dir(root)

    assert house.save(artifact).verify_stored().checked == 600
    assert len(listing(artifact.download("out"))) == 600


def test_a_folder_that_was_saved_is_added_again_with_what_changed(house: House) -> None:
    root = house.tree("in", {"a": "1", "b": "2", "c/d": "3", "gone": "4"})
    first = house.draft()
    first.add_dir(root)
    house.save(first)
    house.file("in/b", "changed")
    (root / "gone").unlink()
    house.file("in/new", "5")

    second = house.draft()
    second.add_dir(root)
    house.save(second)

    wanted = {"a": "1", "b": "changed", "c/d": "3", "new": "5"}
    assert listing(second.download("out")) == wanted


def test_a_folder_of_which_the_store_lost_bytes_is_stored_anew_by_the_second_try(
    house: House,
) -> None:
    files = {f"{n:02}": str(n) for n in range(20)} | {"big": "x" * 2_000_000}
    root = house.tree("in", files)
    house.clock.advance(1_000_000_000)  # so late that fingerprints are trusted
    first = house.draft()
    first.add_dir(root)
    house.save(first)
    for path in (*house.objects("k"), *house.objects("o")):
        path.unlink()

    lost, again = house.draft(name="other"), house.draft(name="other")
    lost.add_dir(root)
    with pytest.raises(BlobMissing) as raised:
        house.save(lost)
    again.add_dir(root)

    assert "stored anew" in raised.value.__notes__[0]
    assert listing(house.save(again).download("out")) == files


def test_a_file_that_became_a_folder_is_added_as_one(house: House) -> None:
    root = house.tree("in", {"a": "1", "b/c": "2"})
    first = house.draft()
    first.add_dir(root)
    house.save(first)
    (root / "a").unlink()
    (root / "b" / "c").unlink()
    (root / "b").rmdir()
    house.tree("in", {"a/x": "3", "b": "4"})

    second = house.draft()
    second.add_dir(root)

    assert listing(house.save(second).download("out")) == {"a/x": "3", "b": "4"}


@pytest.mark.parametrize("most", [2, 5, 30])
def test_files_and_folders_change_places_among_many_changes(
    house: House, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    house.clock.advance(1e9)  # so that what is new to the disk is old enough to be remembered
    used: list[bool] = []
    find = snapshot.find

    def spy(*arguments: Any) -> Manifest | None:
        found = find(*arguments)
        used.append(found is not None)
        return found

    def fill(kind: str) -> None:
        house.tree("in", {f"{n:02}/{kind}": f"{kind} {n}" for n in range(20)})

    fill("old")
    house.tree("in", {"10a": "a file", "11a/x/y": "deep", "11a/z": "flat", "a/b/c": "abc"})
    first = house.draft()
    first.add_dir("in")
    house.save(first)
    fill("new")
    (house.folder / "in/10a").unlink()
    for path in ("11a", "a"):
        shutil.rmtree(house.folder / "in" / path)
    house.tree("in", {"10a/x/y": "now a folder", "11a": "now a file", "a/b": "ab"})
    monkeypatch.setattr(draft, "_GATHERED", most)
    monkeypatch.setattr(snapshot, "find", spy)

    again, anew = house.draft(), house.draft()
    again.add_dir("in")
    anew.add_dir(shutil.copytree("in", "copy"))
    assert used == [True, False]
    assert again.digest == anew.digest
    assert house.save(again).download("out")
    assert listing("out") == listing("in")


def grow_old(house: House) -> None:
    """Set the clock so that what is there is old enough to be remembered, and what comes is not."""
    newest = max(path.stat().st_ctime_ns for path in house.folder.rglob("*"))
    house.clock.advance((newest + 2_001_000_000) / 1e9 - house.clock.now())

    def later() -> bool:
        return house.file("tick").stat().st_ctime_ns > newest + 2_000_000

    until(later)


@pytest.mark.parametrize("instead", [None, "fresh/now/a/folder"])
def test_a_file_that_was_too_young_to_be_remembered_is_missed_when_it_goes(
    house: House, instead: str | None
) -> None:
    house.tree("in", {"old": "1"})
    grow_old(house)
    house.tree("in", {"fresh": "2"})
    first = house.draft()
    first.add_dir("in")
    house.save(first)

    (house.folder / "in/fresh").unlink()
    house.tree("in", {} if instead is None else {instead: "3"})
    second = house.draft()
    second.add_dir("in")

    assert listing(house.save(second).download("out")) == listing("in")


def test_a_version_is_there_though_its_snapshot_cannot_be_kept(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise StoreFull("disk is full")

    monkeypatch.setattr(Fingerprints, "set_snapshot", full)
    artifact = house.draft()
    artifact.add_dir(house.tree("in", FILES))

    assert listing(house.save(artifact).download("out")) == FILES
    assert "disk is full: going on without a snapshot" in caplog.text


def test_two_first_versions_of_the_same_content_are_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other has been logged while the first was sent."""
    root = house.tree("in", FILES)
    first, second = house.draft(), house.draft()
    first.add_dir(root)
    second.add_dir(root)

    def outpaced(*arguments: Any) -> Manifest:
        monkeypatch.setattr(saving, "upload", upload)
        house.save(second)
        return upload(*arguments)

    monkeypatch.setattr(saving, "upload", outpaced)
    assert house.save(first).version == second.version == "v0"


def test_a_change_that_keeps_size_and_time_is_seen_by_its_ctime(house: House) -> None:
    root = house.tree("in", {"a": "1"})
    first = house.draft()
    first.add_dir(root)
    house.save(first)
    status = (root / "a").stat()
    (root / "a").write_text("2")
    os.utime(root / "a", ns=(status.st_atime_ns, status.st_mtime_ns))

    second = house.draft()
    second.add_dir(root)

    assert listing(house.save(second).download("out")) == {"a": "2"}


def test_progress_counts_files_and_bytes(house: House) -> None:
    events: list[Event] = []

    house.draft().add_dir(house.tree("in", FILES), progress=events.append)

    assert (events[-1].files, events[-1].size) == (4, 3)


@pytest.mark.parametrize("path", ["sub", "sub/deep", "a.txt/x", "sub/b.txt/x/y"])
def test_what_a_folder_brought_is_known_to_what_is_added_next(house: House, path: str) -> None:
    artifact = house.draft()
    artifact.add_dir(house.tree("in", FILES))

    with pytest.raises(EntryClash, match="both a file and the folder"):
        artifact.add_file(house.file("x"), path)
    with pytest.raises(EntryClash, match="both a file and the folder"):
        artifact.add_dir(house.tree("more", {path: "x", "new": "y"}))

    assert paths(artifact) == sorted(FILES)
    house.save(artifact)
