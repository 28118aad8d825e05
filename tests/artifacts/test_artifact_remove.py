from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import pytest
from tests.artifacts.house import House

from wbart_manifest.errors import PathInvalid

FILES = {"a": "1", "d/b": "2", "d/c": "3", "d-e": "4", "d/sub/f": "5"}


def paths(artifact: Any) -> list[str]:
    return [entry.path for entry in artifact.manifest]


def test_a_path_removes_one_entry(house: House) -> None:
    artifact = house.draft(FILES)

    artifact.remove("a")

    assert paths(artifact) == ["d-e", "d/b", "d/c", "d/sub/f"]


@pytest.mark.parametrize("item", ["d", "d/", "./d", Path("d"), PurePosixPath("d")])
def test_a_folder_removes_all_below_it_and_nothing_beside_it(house: House, item: Any) -> None:
    artifact = house.draft(FILES)

    artifact.remove(item)

    assert paths(artifact) == ["a", "d-e"]


def test_back_slashes_of_a_windows_path_are_separators(house: House) -> None:
    artifact = house.draft(FILES)

    artifact.remove(PureWindowsPath("d\\sub"))

    assert paths(artifact) == ["a", "d-e", "d/b", "d/c"]


def test_an_entry_removes_itself(house: House) -> None:
    artifact = house.draft()
    entry = artifact.add_file(house.file("x"), "d/x")

    artifact.remove(entry)

    assert paths(artifact) == []


@pytest.mark.parametrize("item", ["nothing", "d/nothing", "a/b"])
def test_what_is_not_there_is_a_file_not_found(house: House, item: str) -> None:
    artifact = house.draft(FILES)

    with pytest.raises(FileNotFoundError, match=item):
        artifact.remove(item)

    assert len(paths(artifact)) == len(FILES)


@pytest.mark.parametrize("item", ["", ".", "../a", "/a"])
def test_what_no_entry_can_be_called_is_refused(house: House, item: str) -> None:
    artifact = house.draft(FILES)

    with pytest.raises(PathInvalid):
        artifact.remove(item)


def test_what_was_removed_can_be_removed_once_only(house: House) -> None:
    artifact = house.draft(FILES)
    artifact.remove("d")

    with pytest.raises(FileNotFoundError):
        artifact.remove("d")


def test_the_version_before_keeps_what_the_next_one_removes(house: House) -> None:
    first = house.version(FILES)
    draft = first.new_draft()
    draft.remove("d")
    house.save(draft)

    assert paths(house.load("data:v0")) == sorted(FILES)
    assert paths(house.load("data:v1")) == ["a", "d-e"]
