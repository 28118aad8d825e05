"""`Artifact.add`, `get`, `[]` and `[]=`: objects in drafts and versions, and across artifacts."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

import numpy
import pytest
from PIL import Image as PILImage
from tests.artifacts.conftest import house as house
from tests.artifacts.house import House

from wbart.artifact import Artifact
from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid, ArtifactFinalizedError
from wbart.media.classes import Classes
from wbart.media.histogram import Histogram
from wbart.media.html import Html
from wbart.media.image import Image
from wbart.media.joinedtable import JoinedTable
from wbart.media.partitionedtable import PartitionedTable
from wbart.media.table import Table
from wbart.media.value import WBValue
from wbart.refs.loading import load


def small(text: str = "x") -> Table:
    return Table(["a", "b"], [[1, text], [2, None]])


def paths(artifact: Artifact) -> list[str]:
    return sorted(artifact.manifest.entries)


def fetched(house: House, name: str) -> Artifact:
    return Artifact._of(load(house.workspace, f"{name}:latest"))


def test_an_object_is_a_file_named_by_its_type_with_sorted_keys(house: House) -> None:
    draft = house.draft({})
    assert draft.add(small(), "dir/t").path == "dir/t.table.json"
    assert draft.add(Classes([{"id": 0, "name": "cat"}]), "c").path == "c.classes.json"
    house.save(draft)
    written = Path(draft.get_entry("dir/t.table.json").download()).read_text()
    assert json.dumps(json.loads(written), sort_keys=True) == written


@pytest.mark.parametrize("name", ["t.table.json", "table.json", "my-table.json"])
def test_a_name_that_ends_with_the_suffix_stays(house: House, name: str) -> None:
    draft = house.draft({})
    assert draft.add(small(), name).path == name
    assert draft.get(name) == small()


@pytest.mark.parametrize("given", [Histogram([1.0, 2.0]), {"a": 1}, "text", None, Table])
def test_what_is_no_such_object_is_refused_with_the_accepted_classes(
    house: House, given: WBValue
) -> None:
    draft = house.draft({})
    with pytest.raises(
        ArgumentTypeInvalid, match=r"expected one of: Audio, .*PartitionedTable"
    ) as e:
        draft.add(given, "x")
    assert isinstance(e.value, TypeError)
    assert paths(draft) == []


def test_the_same_object_again_is_its_first_entry(house: House) -> None:
    draft, table = house.draft({}), small()
    first = draft.add(table, "one")
    assert draft.add(table, "two") == first
    assert paths(draft) == ["one.table.json"]
    draft.remove("one.table.json")
    assert draft.add(table, "two").path == "two.table.json"


def test_another_object_at_a_taken_name_changes_nothing_unless_overwrite(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    draft = house.draft({})
    first = draft.add(small("old"), "t")
    with caplog.at_level(logging.WARNING):
        assert draft.add(small("new"), "t") == first
    assert "t.table.json is in the artifact already and stays as it is" in caplog.text
    assert draft.get("t") == small("old")
    draft.add(small("new"), "t", overwrite=True)
    assert draft.get("t") == small("new")


def test_brackets_add_and_get(house: House) -> None:
    draft = house.draft({})
    draft["t"] = small()
    assert draft["t"] == small()
    assert draft["t.table.json"] == small()
    assert draft["nothing"] is None
    assert house.save(draft)["t"] == small()


def test_a_name_that_is_no_object_is_none(house: House) -> None:
    version = house.save(house.draft({"a.txt": "hello", "b.json": "{}"}))
    for name in ("a.txt", "b", "b.json", "", "../x", "no/such"):
        assert version.get(name) is None


def test_a_version_takes_no_objects(house: House) -> None:
    version = house.version()
    with pytest.raises(ArtifactFinalizedError):
        version.add(small(), "t")
    with pytest.raises(ArtifactFinalizedError):
        version["t"] = small()


def test_the_entry_of_an_object_is_found_by_its_bare_name(house: House) -> None:
    draft = house.draft({})
    draft.add(small(), "t")
    version = house.save(draft)
    assert version.get_entry("t").path == "t.table.json"
    with pytest.raises(KeyError, match="Path not contained in artifact: u"):
        version.get_entry("u")


def test_only_the_files_that_an_object_needs_are_fetched(house: House, tmp_path: Path) -> None:
    draft = house.draft({"other.bin": "much"})
    draft.add(Html("<b>hi</b>", inject=False), "page")
    house.save(draft)
    page = fetched(house, "data").get("page")
    assert isinstance(page, Html)
    files = [each for each in (tmp_path / "artifacts").rglob("*") if each.is_file()]
    assert [each.suffix for each in files] == [".html"]


def test_an_object_of_a_version_becomes_a_reference_to_it(house: House) -> None:
    first = house.draft({}, name="first")
    first.add(small(), "t")
    house.save(first)
    second = house.draft({}, name="second")
    table = fetched(house, "first").get("t")
    assert table is not None
    entry = second.add(table, "copy")
    assert entry.path == "copy.table.json"
    assert entry.ref == first.get_entry("t").ref_url()
    assert entry.digest == first.get_entry("t").digest
    house.save(second)
    assert fetched(house, "second").get("copy") == small()
    third = house.draft({}, name="third")
    again = fetched(house, "second").get("copy")
    assert again is not None
    assert third.add(again, "t").ref == entry.ref, "the reference leads to the origin"


def test_what_was_added_to_a_draft_is_referred_to_before_it_is_saved(house: House) -> None:
    first, second = house.draft({}, name="first"), house.draft({}, name="second")
    table = small()
    first.add(table, "t")
    assert str(second.add(table, "t").ref).startswith("wandb-client-artifact://")
    assert second.get("t") == small(), "drafts refer to each other"
    house.save(first)
    house.save(second)
    assert second.get_entry("t").ref == first.get_entry("t").ref_url()
    assert fetched(house, "second").get("t") == small()


def test_what_is_being_logged_is_waited_for(house: House) -> None:
    from wbart.calls import init

    with init(settings=house.workspace.settings) as run:
        first, second = house.draft({}, name="first"), house.draft({}, name="second")
        table = small()
        first.add(table, "t")
        run.log_artifact(first)
        second.add(table, "t")
        run.log_artifact(second).wait()
        assert first.is_draft(), "nobody waited for the first one"
        assert second.get_entry("t").ref == first.wait().get_entry("t").ref_url()


def test_a_reference_to_a_draft_that_is_never_saved_becomes_a_copy(house: House) -> None:
    first, second = house.draft({}, name="first"), house.draft({}, name="second")
    table = Table(["g", "h"], [[numpy.ones((2, 2)), Html("<i>x</i>", inject=False)]])
    first.add(table, "t")
    second.add(table, "t")
    house.save(second)
    assert second.get_entry("t").ref is None
    assert fetched(house, "second").get("t") == table


def test_an_object_that_changed_since_is_a_copy_and_no_reference(house: House) -> None:
    first, second = house.draft({}, name="first"), house.draft({}, name="second")
    first.add(small(), "t")
    house.save(first)
    table = fetched(house, "first").get("t")
    assert isinstance(table, Table)
    table.add_data(3, "more")
    assert second.add(table, "t").ref is None
    house.save(second)
    assert fetched(house, "second").get("t") == Table(["a", "b"], [*small().data, [3, "more"]])


def test_an_object_of_another_store_is_copied(house: House, tmp_path: Path) -> None:
    draft = house.draft({})
    draft.add(Table(["h"], [[Html("<i>x</i>", inject=False)]]), "t")
    version = house.save(draft)
    other = House.build(tmp_path / "other")
    table = version.get("t")
    assert table is not None
    from wbart.recording.surroundings import enter, leave

    enter(other.workspace)
    try:
        elsewhere = other.draft({})
        assert elsewhere.add(table, "t").ref is None
        other.save(elsewhere)
        assert fetched(other, "data").get("t") == table
    finally:
        leave(other.workspace)


def test_an_object_put_back_into_the_next_draft_stays_the_file_that_it_is(house: House) -> None:
    draft = house.draft({})
    draft.add(small(), "t")
    version = house.save(draft)
    again = version.new_draft()
    table = version.get("t")
    assert table is not None
    assert again.add(table, "t").ref is None
    assert house.save(again).version == version.version


def test_nested_media_of_a_version_are_referred_to(house: House) -> None:
    first, second = house.draft({}, name="first"), house.draft({}, name="second")
    pixels = numpy.zeros((2, 3, 3), dtype="uint8")
    first.add(Table(["i", "n"], [[Image(pixels, caption="none"), 1]]), "t")
    house.save(first)
    table = fetched(house, "first").get("t")
    assert isinstance(table, Table)
    second.add(Table(["i"], [[table.data[0][0]]]), "u")
    media = [path for path in paths(second) if path.endswith(".png")]
    house.save(second)
    assert media == [path for path in paths(first) if path.endswith(".png")]
    assert second.get_entry(media[0]).ref == first.get_entry(media[0]).ref_url()
    found = fetched(house, "second").get("u")
    assert isinstance(found, Table)
    assert found.data == [[table.data[0][0]]]


def test_a_local_media_file_that_the_artifact_has_is_used_again(house: House) -> None:
    path = house.folder / "p.png"
    PILImage.new("RGB", (2, 2)).save(path)
    draft = house.draft({})
    draft.add_file(path, "pictures/p.png")
    draft.add(Image(str(path)), "i")
    assert paths(draft) == ["i.image-file.json", "pictures/p.png"]


def test_an_object_that_fails_leaves_nothing_behind(house: House) -> None:
    draft = house.draft({})
    bad = Table(["g", "x"], [[numpy.ones((2, 2)), 1j]])
    with pytest.raises(ArgumentTypeInvalid):
        draft.add(bad, "t")
    assert paths(draft) == []
    with pytest.raises(ArgumentInvalid, match=r"JoinedTable table:no.table.json not found"):
        draft.add(JoinedTable(small(), "no.table.json", "a"), "j")
    assert paths(draft) == []


def test_a_broken_object_is_one_clear_error(house: House) -> None:
    version = house.save(house.draft({"a.table.json": "[]", "b.table.json": "{nope"}))
    for name in "ab":
        with pytest.raises(ArgumentInvalid, match=rf"{name}.table.json is no table in W&B's form"):
            version.get(name)


def test_digests_are_the_same_from_run_to_run(house: House) -> None:
    def made(name: str) -> str:
        draft = house.draft({}, name=name)
        one = Table(["k", "g"], [["a", numpy.eye(2)], ["b", numpy.ones((2, 2))]])
        two = Table(["k"])
        two.add_data("x")
        two.set_fk("k", one, "k")
        draft.add(two, "two")
        draft.add(JoinedTable(one, two, "k"), "j")
        return str(house.save(draft).digest)

    assert made("one") == made("two")


def test_tables_of_two_artifacts_with_one_name_are_joined(house: House) -> None:
    for name in ("first", "second"):
        draft = house.draft({}, name=name)
        draft.add(small(name), "t")
        house.save(draft)
    one, two = (fetched(house, name).get("t") for name in ("first", "second"))
    draft = house.draft({})
    draft.add(JoinedTable(one, two, ["a", "b"]), "j")
    house.save(draft)
    joined = fetched(house, "data").get("j")
    assert joined == JoinedTable(small("first"), small("second"), ["a", "b"])


def test_a_join_is_of_entries_and_paths_as_well(house: House) -> None:
    first = house.draft({}, name="first")
    first.add(small(), "t")
    house.save(first)
    draft = house.draft({})
    draft.add(small("here"), "u")
    draft.add(JoinedTable(first.get_entry("t"), "u.table.json", "a"), "j")
    house.save(draft)
    assert fetched(house, "data").get("j") == JoinedTable(small(), small("here"), "a")


def test_tables_of_others_that_a_column_leads_to_are_told_apart(house: House) -> None:
    found = []
    for name in ("first", "second"):
        draft = house.draft({}, name=name)
        draft.add(small(name), "t")
        found.append(house.save(draft).get("t"))
    one, two = found
    assert isinstance(one, Table)
    assert isinstance(two, Table)
    table = Table(["one", "two"])
    table.add_data(one.index_ref(0), two.index_ref(1))
    draft = house.draft({})
    draft.add(table, "links")
    assert sum(entry.ref is not None for entry in draft.manifest.entries.values()) == 2
    again = house.save(draft).get("links")
    assert isinstance(again, Table)
    assert [cell.get_row() for cell in again.data[0]] == [
        {"a": 1, "b": "first"},
        {"a": 2, "b": None},
    ]


def test_many_local_files_are_looked_up_at_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = house.folder / "pictures"
    folder.mkdir()
    files = [folder / f"{number}.png" for number in range(50)]
    for number, file in enumerate(files):
        PILImage.new("RGB", (2, 2), (number, 0, 0)).save(file)
    draft = house.draft({})
    for file in files[:25]:
        draft.add_file(file, f"one/{file.name}")
    draft.add_dir(folder, "all")
    resolved: list[str] = []
    real = os.path.realpath

    def counted(path: str) -> str:
        resolved.append(path)
        return real(path)

    monkeypatch.setattr(os.path, "realpath", counted)
    draft.add(Table(["picture"], [[Image(str(file))] for file in files]), "t")
    assert len(resolved) < 200, "each was resolved once, not each for each"
    assert len(paths(draft)) == 25 + 50 + 1


def test_parts_are_read_one_after_another(house: House) -> None:
    draft = house.draft({"parts/readme.txt": "no table"})
    for number in (2, 1):
        draft.add(Table(["n"], [[number], [number * 10]]), f"parts/{number}")
    draft.add(PartitionedTable("parts"), "all")
    house.save(draft)
    found = fetched(house, "data").get("all")
    assert isinstance(found, PartitionedTable)
    assert list(found.iterrows()) == [(0, [1]), (1, [10]), (2, [2]), (3, [20])]


def test_parts_with_other_columns_are_refused(house: House) -> None:
    draft = house.draft({})
    draft.add(Table(["n"], [[1]]), "parts/a")
    draft.add(Table(["m"], [[1]]), "parts/b")
    draft.add(PartitionedTable("parts"), "all")
    found = house.save(draft).get("all")
    assert isinstance(found, PartitionedTable)
    with pytest.raises(ValueError, match="Table parts have non-matching columns"):
        list(found.iterrows())


def test_many_objects_of_a_draft_are_read_before_it_is_saved(house: House) -> None:
    draft = house.draft({})
    for number in range(20):
        draft.add(small(str(number)), f"t{number}")
        assert draft.get(f"t{number}") == small(str(number))
    assert house.save(draft).get("t7") == small("7")


def test_with_the_digests_of_wandb_a_table_has_the_digest_of_wandb(house: House) -> None:
    draft = house.draft({}, digest_algorithm="MD5")
    entry = draft.add(Table(["a"], [[1]]), "t")
    assert entry.digest == "WMbQRBZWWzK22tsoxRBe4Q=="
