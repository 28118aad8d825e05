"""W&B's page of the Artifact: what each attribute tells, and the examples within its text."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.artifacts.world import World
from tests.recipes.pages import ran, text

import wbart
from wbart import calls
from wbart.api import Api
from wbart.apis import public
from wbart.artifact import Artifact
from wbart.errors import (
    ArtifactFinalizedError,
    ArtifactNotLoggedError,
    NotFound,
    UnsupportedError,
)

MD5 = "a00c2239f036fb656c1dcbf9a32d89b4"
"""W&B's digest of `file1.txt` that holds `hello`."""


@pytest.fixture
def source(place: World) -> Artifact:
    """The second version of `data`, linked into a portfolio of another project as its first."""
    with calls.init(id="maker") as run:
        run.log_artifact(place.draft("first"))
        draft = Artifact("data", "dataset", "All of it", {"rows": 3}, digest_algorithm="MD5")
        draft.add_file(place.file("file1.txt", "hello"))
        draft.add_reference(place.file("far.txt", "far away").as_uri())
        logged = run.log_artifact(draft, aliases=["best"], tags=["raw"]).wait()
    logged.ttl = timedelta(days=1)
    logged.save()
    logged.link("shelves/shelf", aliases=["shown"])
    return logged


@pytest.fixture
def link(source: Artifact) -> Artifact:
    """The same version, as it was fetched through the portfolio."""
    return Api().artifact("entity/shelves/shelf:v0")


@pytest.mark.parametrize(
    ("name", "of_source", "of_link"),
    [
        ("aliases", ["best", "latest"], ["latest", "shown"]),
        ("description", "All of it", "All of it"),
        ("entity", "entity", "entity"),
        ("file_count", 2, 2),
        ("metadata", {"rows": 3}, {"rows": 3}),
        ("name", "data:v1", "shelf:v0"),
        ("project", "project", "shelves"),
        ("qualified_name", "entity/project/data:v1", "entity/shelves/shelf:v0"),
        ("size", 13, 13),
        ("source_entity", "entity", "entity"),
        ("source_name", "data:v1", "data:v1"),
        ("source_project", "project", "project"),
        ("source_qualified_name", "entity/project/data:v1", "entity/project/data:v1"),
        ("source_version", "v1", "v1"),
        ("state", "COMMITTED", "COMMITTED"),
        ("tags", ["raw"], ["raw"]),
        ("ttl", timedelta(days=1), timedelta(days=1)),
        ("type", "dataset", "dataset"),
        ("url", "", ""),
        ("version", "v1", "v0"),
    ],
)
def test_an_attribute_tells_what_the_page_says(
    source: Artifact, link: Artifact, name: str, of_source: object, of_link: object
) -> None:
    def told(value: Any) -> Any:
        return sorted(value) if name == "aliases" else value

    assert told(getattr(source, name)) == of_source
    assert told(getattr(link, name)) == of_link


def test_the_collections_of_a_link_are_where_it_was_fetched_and_where_it_began(
    source: Artifact, link: Artifact
) -> None:
    assert (source.collection.name, source.source_collection.name) == ("data", "data")
    assert (link.collection.name, link.source_collection.name) == ("shelf", "data")
    assert isinstance(link.collection, public.ArtifactCollection)
    assert (link.collection.project, link.source_collection.project) == ("shelves", "project")


def test_what_names_the_content_is_the_same_for_a_link(source: Artifact, link: Artifact) -> None:
    assert source.digest == link.digest
    assert source.id == link.id
    assert isinstance(source.id, str)
    assert source.commit_hash == link.commit_hash
    assert source.commit_hash
    assert sorted(source.manifest.entries) == sorted(link.manifest.entries) == [
        "far.txt", "file1.txt",
    ]  # fmt: skip


def test_times_are_told_in_utc(source: Artifact) -> None:
    created, updated = (
        datetime.fromisoformat(each) for each in (source.created_at, source.updated_at)
    )
    assert created.utcoffset() == timedelta(0)
    assert created <= updated


def test_a_digest_is_wandbs_where_it_is_asked_for(place: World) -> None:
    draft = Artifact("data", "dataset", digest_algorithm="MD5")
    draft.add_file(place.file("file1.txt", "hello"))

    assert draft.digest == MD5


def test_a_draft_knows_its_name_and_no_version(place: World) -> None:
    draft = Artifact("data", type="dataset")

    assert (draft.name, draft.source_name, draft.id, draft.state) == (
        "data", "data", None, "PENDING",
    )  # fmt: skip
    assert draft.is_draft()
    with pytest.raises(ArtifactNotLoggedError):
        _ = draft.version


def test_it_is_filled_and_then_logged(place: World) -> None:
    draft = Artifact("data", type="dataset")
    draft.add_file(place.file("x.txt", "x"))
    with calls.init() as run:
        logged = ran("S1-i01", {"()": "(draft)"}, draft=draft)["_"]
        assert logged.wait() is draft
    assert [each.name for each in Api().run(run.path).logged_artifacts()] == ["data:v0"]
    assert not draft.is_draft()


def test_an_artifact_is_changed_by_a_new_draft(source: Artifact) -> None:
    draft = ran("S1-i02", {"Artifact": "source"}, source=source)["_"]
    draft.remove("far.txt")
    draft.save()

    assert (draft.version, draft.is_draft()) == ("v2", False)
    assert sorted(draft.manifest.entries) == ["file1.txt"]


def test_a_description_is_read(source: Artifact) -> None:
    assert ran("S1-i03", {"Artifact": "source"}, source=source)["_"] == "All of it"


def test_names_have_the_form_of_the_page(source: Artifact) -> None:
    assert source.name == text("S1-i04").format(collection="data", alias="v1")
    assert source.source_version == text("S1-i05").format(number=1)


def test_where_it_is_downloaded_to_is_named_after_it(source: Artifact) -> None:
    folder = text("S1-i08").replace("self.name", source.name)

    source.download()
    assert Path(folder, "file1.txt").read_text() == "hello"
    assert source.verify().ok
    Path(folder, "file1.txt").write_text("other")
    with pytest.raises(ValueError, match=r"file1\.txt"):
        source.verify()


def test_the_only_file_is_downloaded_below_its_name(place: World) -> None:
    with calls.init() as run:
        one = run.log_artifact(place.draft("text")).wait()

    path = Path(one.file())
    assert path.read_text() == "text"
    assert path.resolve().parent == Path(text("S1-i08").replace("self.name", one.name)).resolve()


def test_a_path_is_read_as_an_entry(source: Artifact) -> None:
    entry = ran("S1-i09", {"name": "'file1.txt'"}, get_entry=source.get_entry)["_"]

    assert (entry.path, entry.size) == ("file1.txt", 5)
    with pytest.warns(DeprecationWarning, match="get_entry"):
        assert source.get_path("file1.txt").path == "file1.txt"
    with pytest.raises(KeyError):
        source.get_entry("nothing")


@pytest.mark.parametrize(
    ("example", "qualified"),
    [
        ("S1-i10", "entity/project/best-of:v0"),
        ("S1-i11", "entity/other/best-of:v0"),
        ("S1-i12", "team/other/best-of:v0"),
        ("S1-i13", "entity/model-registry/best-of:v0"),
        ("S1-i14", "team/model-registry/best-of:v0"),
    ],
)
def test_a_target_may_be_told_in_full_or_in_part(
    source: Artifact, example: str, qualified: str
) -> None:
    target = text(example)
    for part, said in {
        "{portfolio}": "best-of",
        "{Registered Model Name}": "best-of",
        "{model-registry}": "model-registry",
        "{project}": "other",
        "{entity}": "team",
    }.items():
        target = target.replace(part, said)

    linked = source.link(target, aliases=["shown"])
    assert linked.qualified_name == qualified
    assert Api().artifact(qualified.replace("v0", "shown")).source_name == "data:v1"


def test_a_link_can_be_taken_off_and_its_source_not(source: Artifact, link: Artifact) -> None:
    with pytest.raises(ValueError, match=r"use 'Artifact\.delete' instead"):
        source.unlink()
    link.unlink()
    with pytest.raises(NotFound):
        Api().artifact("entity/shelves/shelf:v0")
    assert Api().artifact("data:v1").digest == source.digest


def test_a_version_without_checksums_is_another_only_when_the_uri_is(place: World) -> None:
    assert text("S1-i07") == "checksum=False"
    far = place.file("far.txt", "one").as_uri()
    with calls.init() as run:
        for changed in ("one", "two"):
            place.file("far.txt", changed)
            draft = Artifact("far", "dataset")
            [entry] = draft.add_reference(far, checksum=False)
            assert entry.size in (None, 0)
            assert run.log_artifact(draft).wait().version == "v0"
        draft = Artifact("far", "dataset")
        draft.add_reference(place.file("else.txt", "two").as_uri(), checksum=False)
        assert run.log_artifact(draft).wait().version == "v1"


def test_the_address_of_an_azure_container_is_known(place: World) -> None:
    """What is read of it is shown on a server, in tests/remote/test_references_azure.py."""
    uri = f"https://{text('S1-i06').replace('*', 'account')}/container/train.csv"
    draft = Artifact("far", "dataset")
    [entry] = draft.add_reference(uri, checksum=False)

    assert (entry.path, entry.ref) == ("train.csv", uri)


@pytest.mark.parametrize("policy", ["mutable", "immutable"])
def test_either_policy_keeps_the_file_as_it_was(place: World, policy: str) -> None:
    local = place.file("x.txt", "first")
    draft = Artifact("data", "dataset")
    draft.add_file(local, policy=policy)
    draft.add_dir(local.parent, name="all", policy=policy)
    local.write_text("second, and longer")
    draft.save()

    root = Path(draft.download(skip_cache=True))
    assert (root / "x.txt").read_text() == (root / "all/x.txt").read_text() == "first"


def test_a_policy_that_is_none_is_a_value_error(place: World) -> None:
    draft = Artifact("data", "dataset")
    for add in (draft.add_file, draft.add_dir):
        with pytest.raises(ValueError, match="policy"):
            add(place.file("x.txt", "x").parent, policy="frozen")


def test_what_the_launcher_used_is_taken_and_means_nothing(place: World) -> None:
    with pytest.warns(DeprecationWarning, match="use_as"):
        assert Artifact("data", "dataset", use_as="train").use_as is None


def test_a_version_takes_no_more(source: Artifact) -> None:
    with pytest.raises(ArtifactFinalizedError):
        source.add_file(__file__)
    draft = Artifact("data", "dataset")
    draft.finalize()
    with pytest.raises(ArtifactFinalizedError):
        draft.add_file(__file__)


def test_a_draft_is_saved_in_the_project_that_is_named(place: World) -> None:
    draft = place.draft("text")
    draft.save(project="elsewhere", settings=wbart.Settings())

    assert draft.qualified_name == "entity/elsewhere/data:v0"
    maker = draft.logged_by()
    assert maker is not None
    assert (maker.project, maker.job_type) == ("elsewhere", "auto")


def test_who_used_it_is_listed(source: Artifact) -> None:
    assert source.used_by() == []
    with calls.init(id="reader") as run:
        run.use_artifact("data:v1")
    assert [each.id for each in source.used_by()] == ["reader"]


def test_aliases_keep_a_version_unless_they_go_along(source: Artifact) -> None:
    with pytest.raises(wbart.CommError, match="alias"):
        source.delete()
    source.delete(delete_aliases=True)
    assert source.state == "DELETED"
    assert not Api().artifact_exists("data:v1")


def test_the_files_are_listed_by_name_and_by_page(source: Artifact) -> None:
    assert [file.name for file in source.files(per_page=1)] == ["far.txt", "file1.txt"]
    assert [file.name for file in source.files(names=["file1.txt"])] == ["file1.txt"]
    assert source.files().per_page == 50


def test_all_of_it_is_told_as_a_dict(source: Artifact) -> None:
    told = source.json_encode()

    assert told["_type"] == "artifactVersion"
    assert told["version"] == "v1"
    assert all(isinstance(key, str) for key in told)


def test_there_is_no_server_to_be_offline_from(source: Artifact) -> None:
    """Where W&B's `download` raises RuntimeError; `Api.client` is what needs a server."""
    assert Path(source.download()).is_dir()
    with pytest.raises(UnsupportedError):
        _ = Api().client
