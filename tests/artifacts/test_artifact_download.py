from __future__ import annotations

import errno
import os
from itertools import count
from pathlib import Path

import pytest
from tests.artifacts.house import House, flip, listing

from wbart.errors import IntegrityError
from wbart_storage.errors import BlobMissing, FolderUnsafe, StorageError
from wbart_storage.progress import Event
from wbart_storage.reading.fetch import LinkMode

FILES = {"a.txt": "1", "d/b.txt": "2", "d-prefix.txt": "3", "e/f/g.csv": ""}
LARGE = b"large" * 500_000


def test_the_default_root_is_named_after_the_source(house: House) -> None:
    link = house.version(FILES).link("shelf")

    root = link.download()

    assert root == str(house.folder / "artifacts" / "data:v0")
    assert listing(root) == FILES


def test_a_root_is_returned_as_it_was_given(house: House) -> None:
    assert house.version(FILES).download("some/out") == "some/out"
    assert listing("some/out") == FILES


def test_an_empty_artifact_makes_an_empty_folder(house: House) -> None:
    root = house.version({}).download("out")

    assert os.listdir(root) == []


def test_other_files_stay_and_changed_ones_are_replaced(house: House) -> None:
    artifact = house.version(FILES)
    house.tree("out", {"mine": "m", "a.txt": "X", "d/mine": "m"})

    artifact.download("out")

    assert listing("out") == {**FILES, "mine": "m", "d/mine": "m"}


def test_right_files_are_not_written_again(house: House) -> None:
    artifact = house.version(FILES)
    artifact.download("out")
    before = {path: os.stat(f"out/{path}").st_ino for path in FILES}

    artifact.download("out")

    assert {path: os.stat(f"out/{path}").st_ino for path in FILES} == before


def test_a_file_changed_under_its_old_size_and_time_is_noticed(house: House) -> None:
    artifact = house.version(FILES)
    artifact.download("out")
    flip(Path("out/a.txt"))

    artifact.download("out")

    assert listing("out") == FILES


@pytest.mark.parametrize(
    ("prefix", "paths"),
    [("d", ["d-prefix.txt", "d/b.txt"]), ("d/", ["d/b.txt"]), ("", sorted(FILES)), ("x", [])],
)
def test_a_prefix_is_a_plain_text_prefix(house: House, prefix: str, paths: list[str]) -> None:
    house.version(FILES).download("out", path_prefix=prefix)

    assert sorted(listing("out") if os.path.isdir("out") else []) == paths


@pytest.mark.parametrize(
    ("include", "exclude", "paths"),
    [
        (["*.txt"], [], ["a.txt", "d-prefix.txt", "d/b.txt"]),
        (["*.txt"], ["d"], ["a.txt", "d-prefix.txt"]),
        ([], ["**/*.csv"], ["a.txt", "d-prefix.txt", "d/b.txt"]),
        (["e"], [], ["e/f/g.csv"]),
        (["/*.txt"], [], ["a.txt", "d-prefix.txt"]),
    ],
)
def test_globs_pick_paths(
    house: House, include: list[str], exclude: list[str], paths: list[str]
) -> None:
    house.version(FILES).download("out", include=include, exclude=exclude)

    assert sorted(listing("out")) == paths


@pytest.mark.parametrize("link", ["copy", "reflink", "hardlink", "symlink"])
def test_every_link_mode_shows_the_content(house: House, link: LinkMode) -> None:
    artifact = house.version({**FILES, "large": LARGE})

    artifact.download("out", link=link)
    artifact.download("out", link=link)

    assert (Path("out/large")).read_bytes() == LARGE
    assert artifact.verify("out").ok
    assert Path("out/large").is_symlink() == (link == "symlink")


def test_a_flipped_byte_in_a_pack_is_an_integrity_error_and_writes_no_file(house: House) -> None:
    artifact = house.version({f"{number:02}": f"content {number}" for number in range(30)})
    (pack,) = house.objects("k")
    flip(pack, pack.read_bytes().index(b"content 17") + 2)

    with pytest.raises(IntegrityError, match=r"^17: blob blake3:") as caught:
        artifact.download("out")

    assert "\n" not in str(caught.value)
    assert not Path("out/17").exists()
    assert not any(name.startswith(".wbart-") for name in os.listdir("out"))


@pytest.mark.parametrize("mode", ["copy", "hardlink", "symlink"])
def test_a_flipped_byte_in_a_blob_is_an_integrity_error_and_writes_no_file(
    house: House, mode: LinkMode
) -> None:
    artifact = house.version({"large": LARGE})
    (blob,) = house.objects("o")
    flip(blob)

    with pytest.raises(IntegrityError, match="large"):
        artifact.download("out", link=mode)

    assert os.listdir("out") == []


@pytest.mark.parametrize("content", [b"small", LARGE])
def test_a_blob_that_is_gone_is_missing(house: House, content: bytes) -> None:
    artifact = house.version({"a": content})
    for path in house.objects("o") + house.objects("k"):
        path.unlink()

    with pytest.raises(BlobMissing, match="no blob blake3:"):
        artifact.download("out")

    assert os.listdir("out") == []


def test_a_blob_cut_short_is_an_integrity_error(house: House) -> None:
    artifact = house.version({"large": LARGE})
    (blob,) = house.objects("o")
    blob.chmod(0o644)
    os.truncate(blob, 1000)

    with pytest.raises(IntegrityError):
        artifact.download("out")

    assert os.listdir("out") == []


def test_a_link_inside_the_root_is_not_followed_out_of_it(house: House) -> None:
    outside = house.tree("outside", {"b.txt": "mine"})
    house.tree("out", {})
    Path("out/d").symlink_to(outside)

    with pytest.raises(FolderUnsafe, match="out/d"):
        house.version(FILES).download("out")

    assert listing(outside) == {"b.txt": "mine"}


def test_a_link_where_a_file_belongs_is_replaced_not_written_through(house: House) -> None:
    mine = house.file("mine", "precious")
    house.tree("out", {})
    Path("out/a.txt").symlink_to(mine)

    house.version(FILES).download("out")

    assert mine.read_text() == "precious"
    assert listing("out") == FILES
    assert not Path("out/a.txt").is_symlink()


def test_a_folder_where_a_file_belongs_is_named_and_kept(house: House) -> None:
    house.tree("out/a.txt", {"mine": "m"})

    with pytest.raises(FolderUnsafe, match=r"out/a\.txt"):
        house.version(FILES).download("out")

    assert Path("out/a.txt/mine").read_text() == "m"


def test_a_file_where_a_folder_belongs_is_named_and_kept(house: House) -> None:
    house.tree("out", {"d": "mine"})

    with pytest.raises(FolderUnsafe, match="out/d"):
        house.version(FILES).download("out")

    assert Path("out/d").read_text() == "mine"


def test_a_root_that_is_a_file_is_named(house: House) -> None:
    house.file("out", "mine")

    with pytest.raises(StorageError, match="out"):
        house.version(FILES).download("out")


def test_the_only_file_is_returned_by_its_path(house: House) -> None:
    artifact = house.version({"d/only.txt": "x"})

    assert artifact.file("out") == "out/d/only.txt"
    assert Path(artifact.file()).read_text() == "x"


def test_more_or_less_than_one_file_is_an_error(house: House) -> None:
    with pytest.raises(ValueError, match="more than one file"):
        house.version(FILES).file()
    with pytest.raises(IndexError):
        house.version({}).file()


def test_an_entry_downloads_itself_alone(house: House) -> None:
    entry = house.version(FILES).get_entry("d/b.txt")

    assert entry.download("out") == str(house.folder / "out/d/b.txt")
    assert entry.download() == str(house.folder / "artifacts/data:v0/d/b.txt")
    assert listing("out") == {"d/b.txt": "2"}


def test_an_entry_is_found_by_any_spelling_of_its_path(house: House) -> None:
    artifact = house.version(FILES)

    for spelling in ("d/b.txt", "./d//b.txt", Path("d/b.txt")):
        assert artifact.get_entry(spelling).size == 1
    with pytest.warns(DeprecationWarning, match="get_entry"):
        assert artifact.get_path("a.txt").path == "a.txt"


@pytest.mark.parametrize("name", ["nothing", "d", "../a.txt", "", "/a.txt"])
def test_a_path_that_is_not_there_is_a_key_error(house: House, name: str) -> None:
    with pytest.raises(KeyError) as caught:
        house.version(FILES).get_entry(name)

    assert str(caught.value) == f"Path not contained in artifact: {name}"


def test_progress_ends_with_all_files(house: House) -> None:
    events: list[Event] = []

    house.version(FILES).download("out", progress=events.append)

    last = events[-1]
    assert (last.kind, last.files, last.size, last.total_files, last.total_size) == (
        "download", 4, 3, 4, 3,
    )  # fmt: skip


def test_two_versions_keep_apart_in_their_default_roots(house: House) -> None:
    first = house.version({"a": "1"})
    second = house.version({"a": "2"})

    assert listing(first.download()) == {"a": "1"}
    assert listing(second.download()) == {"a": "2"}


@pytest.mark.parametrize("call", ["download", "checkout"])
def test_a_folder_that_cannot_be_listed_is_an_error_of_ours(
    call: str, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact = house.version(FILES)
    getattr(artifact, call)("out")
    listdir, left, planted = os.listdir, 0, 0

    def failing(path: str) -> list[str]:
        nonlocal left
        left -= 1
        if left == 0:
            raise OSError(errno.EIO, "Input/output error", path)
        return listdir(path)

    monkeypatch.setattr(os, "listdir", failing)
    for left in count(1):
        planted = left
        try:
            getattr(artifact, call)("out")
        except StorageError:
            continue
        break
    assert planted > 1
    assert listing("out") == FILES
