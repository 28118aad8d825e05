from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from tests.artifacts.house import House, listing

from wbart.errors import ArgumentInvalid
from wbart_manifest.errors import EntryClash, PathInvalid


def test_a_file_is_added_when_its_block_ends(house: House) -> None:
    artifact = house.draft()

    with artifact.new_file("d/hello.txt") as file:
        file.write("héllo\n")

    assert listing(house.save(artifact).download("out")) == {"d/hello.txt": "héllo\n"}


def test_a_file_is_added_when_it_is_closed_once(house: House) -> None:
    artifact = house.draft()
    file = artifact.new_file("a", "wb")
    file.write(b"\x00\xff")
    assert len(artifact.manifest) == 0

    file.close()
    file.close()

    assert [(entry.path, entry.size) for entry in artifact.manifest] == [("a", 2)]


@pytest.mark.parametrize("mode", ["w", "wb"])
def test_an_error_in_the_block_adds_nothing(house: House, mode: str) -> None:
    artifact = house.draft()

    with pytest.raises(RuntimeError, match="mine"), artifact.new_file("a", mode):
        raise RuntimeError("mine")

    assert len(artifact.manifest) == 0


def test_a_taken_name_is_refused_unless_it_is_written_over(house: House) -> None:
    artifact = house.draft({"a": "1"})

    with pytest.raises(ArgumentInvalid, match="File with name 'a' already exists"):
        artifact.new_file("a")
    with artifact.new_file("a", "w") as file:
        file.write("2")

    assert listing(house.save(artifact).download("out")) == {"a": "2"}


def test_a_name_that_is_taken_meanwhile_is_refused_too(house: House) -> None:
    artifact = house.draft()
    file = artifact.new_file("a")
    file.write("mine")
    artifact.add_file(house.file("a", "yours"))

    with pytest.raises(ArgumentInvalid, match="already exists"):
        file.close()

    assert listing(house.save(artifact).download("out")) == {"a": "yours"}


def test_a_new_file_cannot_be_a_folder(house: House) -> None:
    artifact = house.draft({"a/b": "1"})

    with pytest.raises(EntryClash, match="folder"), artifact.new_file("a") as file:
        file.write("x")


def test_text_that_the_encoding_cannot_hold_is_an_error_with_a_hint(house: House) -> None:
    artifact = house.draft()

    with (
        pytest.raises(UnicodeEncodeError) as caught,
        artifact.new_file("a", encoding="ascii") as file,
    ):
        file.write("é")

    assert any("encoding" in note for note in caught.value.__notes__)
    assert len(artifact.manifest) == 0


def test_another_encoding_is_used(house: House) -> None:
    artifact = house.draft()
    with artifact.new_file("a", encoding="latin-1") as file:
        file.write("é")

    assert artifact.size == 1


@pytest.mark.parametrize("name", ["../x", "/x", "", "."])
def test_a_bad_name_is_refused_before_anything_is_opened(house: House, name: str) -> None:
    with pytest.raises(PathInvalid):
        house.draft().new_file(name)


@pytest.mark.parametrize("mode", ["r", "a", "r+", ""])
def test_a_mode_that_makes_no_new_file_is_refused(house: House, mode: str) -> None:
    with pytest.raises(ArgumentInvalid, match="mode"):
        house.draft().new_file("a", mode)


def test_a_path_object_is_a_name_as_well(house: House) -> None:
    artifact = house.draft()
    name: object = PurePosixPath("d/a")

    with artifact.new_file(name) as file:  # type: ignore[arg-type]
        file.write("x")

    assert [entry.path for entry in artifact.manifest] == ["d/a"]
