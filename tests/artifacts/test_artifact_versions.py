from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from tests.artifacts.house import House, listing

from wbart.errors import ArtifactNotFound, CommError, TypeClash
from wbart_manifest.errors import EntryClash


def test_versions_are_numbered_from_zero(house: House) -> None:
    names = [house.version({"a": str(number)}).name for number in range(3)]

    assert names == ["data:v0", "data:v1", "data:v2"]
    assert house.load("data").version == "v2"
    assert listing(house.load("data:v1").download("out")) == {"a": "1"}


def test_the_same_content_as_the_newest_makes_no_version(house: House) -> None:
    first = house.version({"a": "1"})
    again = house.version({"a": "1"}, "best")

    assert (again.version, again.id) == ("v0", first.id)
    assert again.aliases == ["best", "latest"]


def test_going_back_to_old_content_makes_a_version(house: House) -> None:
    versions = [house.version({"a": content}).version for content in ("A", "B", "A")]

    assert versions == ["v0", "v1", "v2"]


def test_other_metadata_alone_is_passed_over_with_a_warning(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.version(metadata={"k": 1})

    again = house.version(metadata={"k": 2})

    assert (again.version, again.metadata) == ("v0", {"k": 1})
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_a_description_and_a_ttl_that_are_passed_over_are_told_of(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.save(house.draft({"a": "1"}, description="one"))
    draft = house.draft({"a": "1"}, description="two")
    draft.ttl = timedelta(days=1)

    again = house.save(draft)

    assert (again.version, again.description) == ("v0", "one")
    assert "v0, so no new version was made" in caplog.text
    assert "keeps its description, time to live" in caplog.text


def test_the_same_description_again_is_no_news(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        house.save(house.draft({"a": "1"}, description="one", metadata={"k": 1}))

    assert caplog.text == ""


def test_a_type_clash_is_told_before_anything_is_sent(house: House) -> None:
    house.version()
    before = house.objects("o") + house.objects("k") + house.objects("c")
    wanted = (
        "Artifact data already exists with type 'dataset'; cannot create another with type 'model'"
    )

    with pytest.raises(TypeClash, match=f"^{wanted}$"):
        house.version({"b": "other"}, type="model")

    assert house.objects("o") + house.objects("k") + house.objects("c") == before


def test_a_load_of_another_type_is_refused(house: House) -> None:
    house.version()

    assert house.load("data", type="dataset").version == "v0"
    with pytest.raises(TypeClash, match="dataset"):
        house.load("data", type="model")


@pytest.mark.parametrize("ref", ["nothing", "nowhere/data", "nobody/zoo/data", "data:v1", "data:x"])
def test_what_is_not_there_is_not_found(house: House, ref: str) -> None:
    house.version()

    with pytest.raises(ArtifactNotFound) as caught:
        house.load(ref)

    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, CommError)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("ref", ["", "a/b/c/d", "data:", "data@xyz!", ":v0"])
def test_what_is_no_reference_is_a_value_error(house: House, ref: str) -> None:
    with pytest.raises(ValueError):
        house.load(ref)


def test_a_version_is_found_by_digest_and_by_id(house: House) -> None:
    artifact = house.version()

    assert house.load(f"data@{artifact.commit_hash[:12]}").id == artifact.id
    assert house.load(f"wandb-artifact://_id/{artifact.id}").id == artifact.id


def test_a_name_in_two_projects_is_two_collections(house: House) -> None:
    first = house.version({"a": "1"})
    other = House(house.folder, house.workspace.within("bob", "barn"), house.clock)

    assert other.version({"a": "2"}).qualified_name == "bob/barn/data:v0"
    assert house.load("bob/barn/data").digest != first.digest


def test_eight_threads_commit_and_every_one_has_a_number_of_its_own(house: House) -> None:
    start = Barrier(8)

    def commit(number: int) -> str:
        draft = house.draft({"a": str(number)})
        start.wait()
        return house.save(draft, f"by-{number}").version

    with ThreadPoolExecutor(8) as executor:
        versions = list(executor.map(commit, range(8)))

    assert sorted(versions) == [f"v{number}" for number in range(8)]
    assert {house.load(f"data:by-{n}").version for n in range(8)} == set(versions)
    for number in range(8):
        assert listing(house.load(f"data:by-{number}").download(f"out{number}")) == {
            "a": str(number)
        }


def test_two_threads_that_save_the_same_content_share_its_bytes(house: House) -> None:
    start = Barrier(2)

    def commit(name: str) -> str:
        draft = house.draft({"a": "same" * 400_000}, name=name)
        start.wait()
        return house.save(draft).commit_hash

    with ThreadPoolExecutor(2) as executor:
        hashes = list(executor.map(commit, ["one", "two"]))

    assert len(set(hashes)) == 1
    assert len(house.objects("o")) == 1


def test_threads_may_download_one_version_at_once(house: House) -> None:
    artifact = house.version({str(number): str(number) for number in range(50)})

    with ThreadPoolExecutor(4) as executor:
        roots = list(executor.map(lambda n: artifact.download(f"out{n % 2}"), range(4)))

    assert all(len(listing(root)) == 50 for root in roots)


def test_an_incremental_draft_adds_to_the_newest_version(house: House) -> None:
    house.version({"a": "1", "b": "2"})

    merged = house.version({"b": "new", "c": "3"}, incremental=True)

    assert merged.version == "v1"
    assert listing(merged.download("out")) == {"a": "1", "b": "new", "c": "3"}


def test_an_incremental_draft_without_a_version_is_an_ordinary_first_one(house: House) -> None:
    artifact = house.version({"a": "1"}, incremental=True)

    assert (artifact.version, artifact.incremental) == ("v0", True)


def test_an_incremental_file_where_a_folder_was_is_refused_and_nothing_is_committed(
    house: House,
) -> None:
    house.version({"a/b": "1"})

    with pytest.raises(EntryClash):
        house.version({"a": "2"}, incremental=True)

    assert house.load("data").version == "v0"


def test_an_incremental_draft_may_change_to_wandbs_digests(house: House) -> None:
    house.version({"a": "1"})

    merged = house.version({"b": "2"}, incremental=True, digest_algorithm="MD5")

    assert listing(merged.download("out")) == {"a": "1", "b": "2"}
    assert len(merged.digest) == 32


def test_a_draft_of_the_next_version_has_entries_facts_and_home(house: House) -> None:
    first = house.save(house.draft({"a": "1"}, description="text", metadata={"k": 1}), "best")

    draft = first.new_draft()

    assert (draft.is_draft(), draft.name, draft.type) == (True, "data", "dataset")
    assert (draft.description, draft.metadata, draft.size) == ("text", {"k": 1}, 1)
    with draft.new_file("b") as file:
        file.write("2")
    saved = house.save(draft)
    assert (saved.version, saved.aliases, saved.tags) == ("v1", ["latest"], [])
    assert listing(saved.download("out")) == {"a": "1", "b": "2"}


def test_a_draft_from_a_link_is_one_of_its_source(house: House) -> None:
    link = house.version({"a": "1"}).link("shelf")

    draft = link.new_draft()
    draft.remove("a")

    assert house.save(draft).qualified_name == "ann/zoo/data:v1"


def test_an_unchanged_draft_makes_no_version(house: House) -> None:
    draft = house.version({"a": "1"}).new_draft()

    assert house.save(draft).version == "v0"


def test_a_draft_of_an_old_version_holds_nothing_of_the_newest(house: House) -> None:
    first = house.version({"a": "1", "b": "1"})
    house.version({"a": "2", "c": "2"})
    draft = first.new_draft()
    draft.remove("b")

    assert listing(house.save(draft).download("out")) == {"a": "1"}


@pytest.mark.parametrize(
    ("entity", "project", "message"),
    [("bob", "zoo", "owned by entity 'ann'"), ("ann", "barn", "exists in project 'zoo'")],
)
def test_a_draft_of_a_version_cannot_be_logged_elsewhere(
    house: House, entity: str, project: str, message: str
) -> None:
    draft = house.version().new_draft()
    elsewhere = House(house.folder, house.workspace.within(entity, project), house.clock)

    with pytest.raises(ValueError, match=message):
        elsewhere.save(draft)


def test_diff_names_what_changed_sorted_by_path(house: House) -> None:
    old = house.version({"a": "1", "b": "2", "gone": "3"})
    new = house.version({"a": "1", "b": "changed", "added": "4"})

    changes = [(c.path, c.before is not None, c.after is not None) for c in old.diff(new)]

    assert changes == [("added", False, True), ("b", True, True), ("gone", True, False)]
    assert list(new.diff(new)) == []
    with pytest.raises(AttributeError):
        old.diff(house.draft())
