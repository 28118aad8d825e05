from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from tests.artifacts.house import Files, House, flip, listing

from wbart.errors import Error, IntegrityError, ReferenceMissing
from wbart.folders import origin
from wbart.folders.checkout import made
from wbart_storage.errors import FolderUnsafe

FILES = {"a": "1", "d/b": "2", "d/c": "3"}


def test_the_default_root_has_no_version_in_its_name(house: House) -> None:
    root = house.version(FILES).checkout()

    assert root == str(house.folder / "artifacts" / "data")
    assert listing(root) == FILES


def test_everything_else_below_the_root_goes(house: House) -> None:
    house.tree("out", {"extra": "x", "d/extra": "x", "e/f/extra": "x", "a": "X", "d/b": "2"})

    assert house.version(FILES).checkout("out") == "out"

    assert listing("out") == FILES
    assert sorted(os.listdir("out")) == ["a", "d"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"x": "1"}, {"x/a": "1"}),
        ({"x/a": "1"}, {"x": "1"}),
        ({"x/a": "1", "x/b/c": "2"}, {"x": "1", "y": "2"}),
        ({"x": "1", "x-1": "2", "x.b": "3"}, {"x/a/b": "1"}),
        ({"p/x/a": "1"}, {"p/x": "2", "p/y": "3"}),
        ({"p": "1"}, {"p/q/r/s": "1", "p/q/t": "2"}),
        ({"a/b/c/d": "1"}, {"a/b": "2"}),
        ({"x": "1", "y": "2"}, {}),
        ({}, {"x": "1"}),
    ],
)
def test_files_become_folders_and_folders_files(house: House, before: Files, after: Files) -> None:
    old, new = house.version(before), house.version(after)

    for version, wanted in [(old, before), (new, after), (old, before)]:
        version.checkout("out")
        assert listing("out") == wanted
        assert version.verify("out").ok


def test_an_empty_folder_where_a_file_belongs_goes(house: House) -> None:
    (house.folder / "out" / "a" / "empty" / "deep").mkdir(parents=True)

    house.version(FILES).checkout("out")

    assert listing("out") == FILES


def test_a_link_to_a_folder_is_removed_and_what_it_leads_to_stays(house: House) -> None:
    outside = house.tree("outside", {"b": "mine", "other": "mine"})
    house.tree("out", {})
    Path("out/d").symlink_to(outside)
    Path("out/extra").symlink_to(outside)

    house.version(FILES).checkout("out")

    assert listing("out") == FILES
    assert listing(outside) == {"b": "mine", "other": "mine"}
    assert not Path("out/extra").is_symlink()


def test_files_that_are_right_are_not_touched(house: House) -> None:
    old = house.version(FILES)
    new = house.version({**FILES, "d/c": "changed"})
    old.checkout("out")
    before = os.stat("out/a").st_ino

    new.checkout("out")

    assert os.stat("out/a").st_ino == before
    assert listing("out")["d/c"] == "changed"


def test_a_file_changed_under_its_old_size_and_time_is_put_right(house: House) -> None:
    artifact = house.version(FILES)
    artifact.checkout("out")
    flip(Path("out/a"))

    artifact.checkout("out")

    assert listing("out") == FILES


def test_the_plan_says_what_would_happen_and_a_dry_run_does_nothing(house: House) -> None:
    artifact = house.version(FILES)
    before: Files = {"a": "1", "d/b": "X", "extra": "x"}
    house.tree("out", before)

    plan = artifact.checkout_plan("out")

    assert (plan.write, plan.remove, plan.keep, plan.size) == (["d/b", "d/c"], ["extra"], 1, 2)
    assert artifact.checkout("out", dry_run=True) == "out"
    assert listing("out") == before


def test_a_dry_run_makes_no_folder(house: House) -> None:
    artifact = house.version(FILES)

    artifact.checkout("out", dry_run=True)

    assert artifact.checkout_plan("out").write == sorted(FILES)
    assert not Path("out").exists()


def test_a_folder_with_git_in_it_is_refused_unless_forced(house: House) -> None:
    house.tree("out", {".git/config": "x", "extra": "x"})
    artifact = house.version(FILES)

    with pytest.raises(FolderUnsafe, match=r"\.git"):
        artifact.checkout("out")
    assert Path("out/extra").exists()
    artifact.checkout("out", force=True)

    assert listing("out") == FILES


def test_a_repository_somewhere_below_is_refused_unless_forced(house: House) -> None:
    house.tree("out", {"work/mine/.git/config": "x", "work/mine/code.py": "y", "a": "z"})
    artifact = house.version(FILES)

    for dry_run in (True, False):
        with pytest.raises(FolderUnsafe, match=r"mine/\.git"):
            artifact.checkout("out", dry_run=dry_run)
    assert Path("out/work/mine/code.py").exists()
    assert Path("out/work/mine/.git/config").exists()
    artifact.checkout("out", force=True)

    assert listing("out") == FILES


def test_the_root_of_all_and_the_home_folder_are_refused(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = house.folder / "users" / "ann"
    home.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    artifact = house.version(FILES)
    Path("link").symlink_to(home)

    for root in ("/", home, home.parent, "link"):
        with pytest.raises(FolderUnsafe, match="refusing to check out"):
            artifact.checkout(root)
        with pytest.raises(FolderUnsafe):
            artifact.checkout(root, dry_run=True)


def test_a_corrupt_blob_removes_nothing(house: House) -> None:
    artifact = house.version({"large": b"x" * 2_000_000})
    (blob,) = house.objects("o")
    flip(blob)
    house.tree("out", {"extra": "mine"})

    with pytest.raises(IntegrityError):
        artifact.checkout("out")

    assert listing("out") == {"extra": "mine"}


def test_references_are_checked_out_as_well(house: House) -> None:
    file = house.file("far/r", "ref")
    artifact = house.draft({"a": "1"})
    artifact.add_reference(f"file://{file}", "x/r")
    house.save(artifact)
    house.tree("out", {"x": "in the way", "y": "extra"})

    artifact.checkout("out")

    assert listing("out") == {"a": "1", "x/r": "ref"}


def test_what_was_done_is_what_was_planned(house: House) -> None:
    house.tree("out", {"a": "1", "d/b": "old", "extra": "x"})
    artifact = house.version(FILES)
    plan = artifact.checkout_plan("out")

    assert made(artifact._at("checkout"), "out", force=False) == plan
    assert (plan.write, plan.remove, plan.keep) == (["d/b", "d/c"], ["extra"], 1)
    assert listing("out") == FILES


def test_the_version_that_a_folder_was_checked_out_from_is_remembered(house: House) -> None:
    house.version({"a": "1"})
    house.version({"a": "2"}).checkout("out")
    house.load("data:v0").checkout("out")

    ref = origin.of(house.workspace, "out")

    assert ref is not None
    assert house.load(str(ref)).version == "v0"


def test_a_folder_that_holds_a_store_is_refused_and_a_store_below_it_stays(house: House) -> None:
    artifact = house.version(FILES)
    house.tree("out", {"extra": "x"})
    shutil.copytree(house.store, "out/deeper/mine")
    shutil.copytree(house.store, "out/.wbart")
    before = listing(house.store)

    with pytest.raises(FolderUnsafe, match="holds a store"):
        artifact.checkout("out")
    artifact.checkout("out", force=True)

    assert listing("out/.wbart") == listing("out/deeper/mine") == before
    assert not Path("out/extra").exists()


@pytest.mark.parametrize("place", ["store", "store/c", "cache", "out/../store/o"])
def test_nothing_is_written_into_a_store_or_what_wbart_keeps(house: House, place: str) -> None:
    artifact = house.version({"wbart.json": "{}", "c/x": "1"})
    where = place if place != "cache" else str(house.workspace.store.local / "x")
    before = listing(house.store)

    for write in (artifact.download, artifact.checkout):
        with pytest.raises(FolderUnsafe, match="refusing to write into"):
            write(where)

    assert listing(house.store) == before


def test_a_version_that_would_reach_into_the_store_is_not_written(house: House) -> None:
    harmless = house.version({"store-of-ours": "1"}, "harmless")
    artifact = house.version({"a": "1", "store/wbart.json": "{}"}, "evil")
    before = listing(house.store)

    with pytest.raises(FolderUnsafe, match=r"store/wbart\.json"):
        artifact.download(".")
    harmless.download(".")

    assert listing(house.store).items() >= before.items()


def test_the_only_copy_of_what_a_reference_leads_to_is_not_removed(house: House) -> None:
    source = house.file("out/raw/a.csv", "rows")
    draft = house.draft()
    draft.add_reference(source.as_uri(), name="a.csv")
    artifact = house.save(draft)

    with pytest.raises(FolderUnsafe, match=r"raw/a\.csv"):
        artifact.checkout("out")

    assert source.read_text() == "rows"


def test_nothing_is_removed_before_references_have_come(house: House) -> None:
    source = house.file("elsewhere/a.csv", "rows")
    draft = house.draft()
    draft.add_reference(source.as_uri(), name="d/a.csv")
    artifact = house.save(draft)
    house.tree("out", {"mine": "1"})
    source.rename(source.with_name("away"))

    with pytest.raises(ReferenceMissing):
        artifact.checkout("out")
    assert listing("out")["mine"] == "1"
    source.with_name("away").rename(source)
    artifact.checkout("out")

    assert listing("out") == {"d/a.csv": "rows"}


def test_a_reference_may_take_the_place_of_a_folder(house: House) -> None:
    source = house.file("elsewhere/a.csv", "rows")
    draft = house.draft()
    draft.add_reference(source.as_uri(), name="d")
    artifact = house.save(draft)
    house.tree("out", {"d/old": "1", "d/e/old": "2"})

    artifact.checkout("out")

    assert listing("out") == {"d": "rows"}


def test_names_that_no_folder_can_have_are_refused(house: House) -> None:
    artifact = house.version(FILES)

    for write in (artifact.download, artifact.checkout):
        with pytest.raises(FolderUnsafe):
            write("a\0b")


def test_links_in_a_circle_and_long_paths_are_our_errors_or_none(house: House) -> None:
    long = "/".join(["x" * 200] * 20)
    artifact = house.version({long: "1"}, "long")
    artifact.download("out")
    artifact.download("out")
    assert listing("out") == {long: "1"}
    loop = house.version({"d/a": "1"}, "loop")
    Path("there").mkdir()
    Path("there/d").symlink_to("d")

    with pytest.raises(Error):
        loop.download("there")
