from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from tests.artifacts.house import House, listing
from tests.remote.web import reaching

from wbart.drafts import saving
from wbart.errors import (
    ArgumentInvalid,
    ArtifactNotFound,
    IntegrityError,
    ReferenceChanged,
    ReferenceMissing,
)
from wbart.references.files import sources
from wbart.references.references import reference
from wbart_manifest.entry import Entry, Reference
from wbart_manifest.errors import EntryClash, PathInvalid
from wbart_manifest.location import REFERENCE, Location
from wbart_storage.errors import ReferenceRefused, SourceChanged, StorageError


def paths(artifact: Any) -> list[str]:
    return [entry.path for entry in artifact.manifest]


def uri(path: Path) -> str:
    return f"file://{path}"


def test_a_file_reference_keeps_uri_size_and_digest_and_uploads_nothing(house: House) -> None:
    file = house.file("far/a.txt")
    artifact = house.draft()

    (entry,) = artifact.add_reference(uri(file))
    house.save(artifact)

    assert (entry.path, entry.ref, entry.size) == ("a.txt", uri(file), 5)
    assert entry.digest.startswith("blake3:")
    assert (artifact.size, artifact.file_count) == (5, 1)
    assert house.objects("o") + house.objects("k") == []


def test_a_folder_becomes_one_entry_for_each_file(house: House) -> None:
    root = house.tree("far", {"a": "1", "d/b": "2"})
    (root / "link").symlink_to("d")
    artifact = house.draft()

    entries = artifact.add_reference(uri(root) + "/", name="top")

    assert [entry.path for entry in entries] == ["top/a", "top/d/b"]
    assert entries[1].ref == f"{uri(root)}/d/b"


@pytest.mark.parametrize("name", ["a b", "a#b", "a?b", "a%41b", "ü"])
def test_file_names_that_mean_something_in_a_uri_come_back(house: House, name: str) -> None:
    root = house.tree("far away", {name: "hello", f"d/{name}": "you"})
    plain, quoted = house.draft(), house.draft(name="quoted")
    plain.add_reference(uri(root / name), "one")
    plain.add_reference(uri(root), "all")
    quoted.add_reference(uri(root).replace(" ", "%20"), "all")

    out = listing(house.save(plain).download("out"))

    assert out == {"one": "hello", f"all/{name}": "hello", f"all/d/{name}": "you"}
    assert len(listing(house.save(quoted).download("quoted"))) == 2


def test_too_many_objects_raise_and_add_nothing(house: House) -> None:
    root = house.tree("far", {"a": "1", "b": "2", "c": "3"})
    artifact = house.draft()

    for most in (0, 2):
        with pytest.raises(ValueError, match=f"Exceeded {most} objects"):
            artifact.add_reference(uri(root), max_objects=most)
    assert paths(artifact) == []
    artifact.add_reference(uri(root), max_objects=3)

    assert len(paths(artifact)) == 3


def test_a_path_without_a_scheme_is_no_reference(house: House) -> None:
    with pytest.raises(ValueError, match="References must be URIs"):
        house.draft().add_reference(str(house.file("a")))


@pytest.mark.parametrize("bad", [Path("a"), 3, None])
def test_what_is_no_text_is_a_type_error(house: House, bad: Any) -> None:
    with pytest.raises(TypeError):
        house.draft().add_reference(bad)


def test_a_file_that_is_not_there_is_named(house: House) -> None:
    with pytest.raises(ValueError, match="must be a valid file or directory path"):
        house.draft().add_reference("file:///nowhere/a.txt")
    with pytest.raises(ValueError, match="names no machine"):
        house.draft().add_reference("file://host/a.txt")


def test_the_same_reference_again_is_fine_and_another_is_not(house: House) -> None:
    artifact = house.draft({"taken": "x"})
    first, second = house.file("far/a", "1"), house.file("far/b", "2")
    artifact.add_reference(uri(first), "a")
    artifact.add_reference(uri(first), "a")

    with pytest.raises(EntryClash):
        artifact.add_reference(uri(second), "a")
    with pytest.raises(EntryClash):
        artifact.add_reference(uri(second), "taken")

    assert paths(artifact) == ["a", "taken"]


def test_a_folder_that_clashes_adds_nothing(house: House) -> None:
    root = house.tree("far", {"a": "1", "b": "2"})
    artifact = house.draft({"b": "mine"})

    with pytest.raises(EntryClash):
        artifact.add_reference(uri(root))

    assert paths(artifact) == ["b"]


def test_a_name_that_climbs_out_is_refused(house: House) -> None:
    with pytest.raises(PathInvalid):
        house.draft().add_reference(uri(house.file("a")), "../a")


def test_a_reference_is_downloaded_and_checked(house: House) -> None:
    file = house.file("far/a.txt")
    artifact = house.draft()
    artifact.add_reference(uri(file), "d/a")
    house.save(artifact)

    assert listing(artifact.download("out")) == {"d/a": "hello"}
    assert artifact.verify("out").checked == 1


def test_a_reference_that_is_there_already_is_left_alone(house: House) -> None:
    artifact = house.draft()
    artifact.add_reference(uri(house.file("far/a.txt")))
    root = Path(house.save(artifact).download("out"))
    before = (root / "a.txt").stat()

    artifact.download("out")
    artifact.checkout("out")

    assert (root / "a.txt").stat().st_ino == before.st_ino


def test_a_reference_whose_file_changed_is_an_integrity_error(house: House) -> None:
    file = house.file("far/a.txt", "as it was")
    artifact = house.draft({"b": "x"})
    artifact.add_reference(uri(file))
    house.save(artifact)
    file.write_text("changed!!")

    with pytest.raises(IntegrityError, match=r"Digest mismatch for file://.*a\.txt") as caught:
        artifact.download("out")

    assert isinstance(caught.value, ValueError)
    assert listing("out") == {"b": "x"}
    assert sorted(os.listdir("out")) == ["b"]


@pytest.mark.parametrize("allow", [True, False])
def test_a_reference_that_is_gone_is_missing(house: House, allow: bool) -> None:
    file = house.file("far/a.txt")
    artifact = house.draft({"b": "x"})
    artifact.add_reference(uri(file))
    house.save(artifact)
    file.unlink()

    if allow:
        artifact.download("out", allow_missing_references=True)
    else:
        with pytest.raises(ReferenceMissing, match=r"a\.txt"):
            artifact.download("out")

    assert listing("out") == {"b": "x"}
    assert issubclass(ReferenceMissing, FileNotFoundError)


def test_a_reference_whose_file_is_a_pipe_by_now_does_not_hang(house: House) -> None:
    file = house.file("far/a.txt")
    artifact = house.draft()
    artifact.add_reference(uri(file))
    house.save(artifact)
    file.unlink()
    os.mkfifo(file)

    with pytest.raises(IntegrityError, match="no file any more"):
        artifact.download("out")


def test_without_a_checksum_only_the_uri_counts(house: House) -> None:
    file = house.file("far/a.txt")
    first = house.draft()
    (entry,) = first.add_reference(uri(file), checksum=False)
    house.save(first)
    file.write_text("changed")

    again = house.draft()
    again.add_reference(uri(file), checksum=False)
    moved = house.draft()
    moved.add_reference(uri(house.file("far/b.txt", "changed")), "a.txt", checksum=False)

    assert entry.size is None
    assert house.save(again).version == "v0"
    assert house.save(moved).version == "v1"


def test_without_a_checksum_it_is_downloaded_unverified(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    file = house.file("far/a.txt")
    artifact = house.draft()
    artifact.add_reference(uri(file), checksum=False)
    house.save(artifact)
    file.write_text("changed")

    assert listing(artifact.download("out")) == {"a.txt": "changed"}
    assert "unverified" in caplog.text
    assert artifact.verify("out").unverified == ("a.txt",)


def test_a_folder_without_checksums_is_one_entry_and_is_listed_at_download(house: House) -> None:
    root = house.tree("far", {"a": "1"})
    artifact = house.draft()

    (entry,) = artifact.add_reference(uri(root), checksum=False)
    house.save(artifact)
    house.file("far/new/b", "2")

    assert entry.path == "far"
    assert listing(artifact.download("out")) == {"far/a": "1", "far/new/b": "2"}


def test_an_unknown_scheme_needs_a_name_and_is_kept_as_it_is(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    artifact = house.draft()
    with pytest.raises(ValueError, match="must pass name"):
        artifact.add_reference("ref://example.com/x")

    (entry,) = artifact.add_reference("ref://example.com/x", "x")

    assert (entry.ref, entry.digest, entry.size) == ("ref://example.com/x",) * 2 + (None,)
    assert "ref://example.com/x" in caplog.text
    loaded = house.save(artifact).get_entry("x")
    assert loaded.ref_target() == "ref://example.com/x"


def test_an_unknown_scheme_cannot_be_downloaded(house: House) -> None:
    artifact = house.draft({"a": "1"})
    artifact.add_reference("ref://example.com/x", "x")
    house.save(artifact)

    with pytest.raises(ValueError, match="cannot download by this URI: ref://"):
        artifact.download("out")
    artifact.download("out", allow_missing_references=True)

    assert listing("out") == {"a": "1"}
    assert artifact.verify("out").unverified == ("x",)


def test_no_credentials_are_stored(house: House) -> None:
    artifact = house.draft()
    artifact.add_reference("ref://me:secret@example.com/x?X-Amz-Signature=secret&a=1", "x")
    house.save(artifact)

    stored = b"".join(path.read_bytes() for path in house.objects("c"))

    assert b"secret" not in stored
    assert artifact.get_entry("x").ref == "ref://example.com/x?a=1"


def test_an_entry_of_another_artifact_is_referred_to(house: House) -> None:
    source = house.version({"d/a b#c": "hello"}, name="source")
    artifact = house.draft()

    (entry,) = artifact.add_reference(source.get_entry("d/a b#c"), "x")
    house.save(artifact)

    assert entry.ref == f"wandb-artifact://{source.id}/d/a%20b%23c"
    assert (entry.digest, entry.size) == (source.get_entry("d/a b#c").digest, 0)
    assert listing(artifact.download("out")) == {"x": "hello"}
    assert artifact.verify("out").ok
    assert source.get_entry("d/a b#c").ref_url() == entry.ref


def test_a_wandb_uri_refers_to_the_entry_and_takes_its_name(house: House) -> None:
    source = house.version({"d/a": "hello"}, name="source")
    artifact = house.draft()

    artifact.add_reference(f"wandb-artifact://{source.id}/d/a")

    assert listing(house.save(artifact).download("out")) == {"a": "hello"}


def test_a_reference_to_a_reference_leads_to_the_origin(house: House) -> None:
    source = house.version({"a": "hello"}, name="source")
    middle = house.draft(name="middle")
    middle.add_reference(source.get_entry("a"), "b")
    house.save(middle)
    artifact = house.draft()

    (entry,) = artifact.add_reference(middle.get_entry("b"), "c")

    assert entry.ref == f"wandb-artifact://{source.id}/a"
    assert listing(house.save(artifact).download("out")) == {"c": "hello"}


def test_references_to_what_is_not_there_are_refused(house: House) -> None:
    source = house.version({"a": "hello"}, name="source")
    artifact = house.draft()

    with pytest.raises(ArtifactNotFound):
        artifact.add_reference(f"wandb-artifact://{'0' * 32}/a", "x")
    with pytest.raises(KeyError):
        artifact.add_reference(f"wandb-artifact://{source.id}/nothing", "x")
    with pytest.raises(ValueError):
        artifact.add_reference(f"wandb-artifact://{source.id}", "x")
    with pytest.raises(AttributeError):
        artifact.add_reference(house.draft().add_file(house.file("f")), "x")

    assert paths(artifact) == []


def test_a_reference_to_a_deleted_version_is_missing(house: House) -> None:
    source = house.version({"a": "hello"}, name="source")
    artifact = house.draft()
    artifact.add_reference(source.get_entry("a"), "x")
    house.save(artifact)
    source.delete(delete_aliases=True)

    with pytest.raises(ReferenceMissing):
        artifact.download("out")
    source.restore()

    assert listing(artifact.download("out")) == {"x": "hello"}


def test_only_references_have_a_target(house: House) -> None:
    with pytest.raises(ValueError, match="ref_target"):
        house.version().get_entry("a.txt").ref_target()


def test_entries_of_references_download_alone(house: House) -> None:
    artifact = house.draft()
    artifact.add_reference(uri(house.file("far/a.txt")), "d/a")
    artifact.add_reference(uri(house.file("far/b.txt", "2")), "d/b")
    house.save(artifact)

    assert Path(artifact.get_entry("d/b").download("out")).read_text() == "2"
    assert listing("out") == {"d/b": "2"}


@pytest.mark.parametrize("algorithm", ["MD5", "XXH128"])
def test_references_with_wandbs_digests_are_checked_by_these(house: House, algorithm: str) -> None:
    file = house.file("far/a.txt")
    artifact = house.draft(digest_algorithm=algorithm)
    (entry,) = artifact.add_reference(uri(file))
    house.save(artifact)

    assert len(entry.digest) == 24
    assert listing(artifact.download("out")) == {"a.txt": "hello"}
    (house.folder / "out" / "a.txt").unlink()
    file.write_text("other")
    with pytest.raises(IntegrityError):
        artifact.download("out")


def test_files_are_hashed_by_several_threads_and_come_in_order(house: House) -> None:
    root = house.tree("far", {f"d{index % 7}/{index:03}": str(index) for index in range(300)})

    entries = house.draft().add_reference(uri(root))

    assert [entry.path for entry in entries] == sorted(entry.path for entry in entries)
    assert len(entries) == 300
    assert len({entry.digest for entry in entries}) == 300


def test_files_of_no_bytes_are_kept_and_a_folder_of_no_files_is_an_error(house: House) -> None:
    root = house.tree("far", {"empty": ""})
    (house.folder / "nothing").mkdir()

    assert [entry.size for entry in house.draft().add_reference(uri(root))] == [0]
    with pytest.raises(ValueError, match="no file below"):
        house.draft().add_reference(uri(house.folder / "nothing"))


def test_a_reference_whose_file_changed_is_passed_over_when_asked(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    file = house.file("far/a.txt")
    artifact = house.draft({"b": "x"})
    artifact.add_reference(uri(file))
    house.save(artifact).download("before")
    file.write_text("changed!!")

    with pytest.raises(FileNotFoundError) as caught:
        artifact.download("out")
    artifact.download("out", allow_missing_references=True)

    assert isinstance(caught.value, ReferenceChanged)
    assert listing("out") == {"b": "x"}
    assert caplog.text.count("passed over") == 1


def test_many_references_without_checksums_warn_once(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    artifact = house.draft()
    for index in range(20):
        artifact.add_reference(uri(house.file(f"far/{index}")), checksum=False)

    house.save(artifact).download("out")

    assert len(listing("out")) == 20
    assert caplog.text.count("unverified") == 1
    assert "and 19 more" in caplog.text


def test_files_are_read_below_allowed_folders_only(house: House) -> None:
    inside, outside = house.file("shared/a"), house.file("private/b", "geheim")
    (house.folder / "shared" / "link").symlink_to(outside)
    artifact = house.draft()
    artifact.add_reference(uri(outside))
    house.save(artifact)

    with reaching(house, reference_roots=(house.folder / "shared",)) as narrow:
        draft = narrow.draft(name="narrow")
        draft.add_reference(uri(inside))
        for path in (outside, inside.parent / "link", inside.parent / ".." / "private" / "b"):
            with pytest.raises(ReferenceRefused, match="reference_roots"):
                draft.add_reference(uri(path))
            with pytest.raises(ReferenceRefused, match="reference_roots"):
                draft.add_reference(uri(path), checksum=False)
        with pytest.raises(ReferenceRefused, match="reference_roots"):
            narrow.load(artifact.qualified_name).download("out", allow_missing_references=True)
        assert listing(narrow.save(draft).download("out")) == {"a": "hello"}

    assert listing("out") == {"a": "hello"}


def test_a_link_that_replaced_an_allowed_file_is_not_followed(house: House) -> None:
    file, outside = house.file("shared/a"), house.file("private/b")
    artifact = house.draft()
    artifact.add_reference(uri(file))
    house.save(artifact)
    file.unlink()
    file.symlink_to(outside)

    with (
        reaching(house, reference_roots=(house.folder / "shared",)) as narrow,
        pytest.raises(ReferenceRefused),
    ):
        narrow.load(artifact.qualified_name).download("out")

    assert listing("out") == {}


@pytest.mark.parametrize(
    "bad",
    [
        "no-scheme?sig=geheim",
        "ref://me:geheim@host/x",
        "s3:///key?X-Amz-Signature=geheim",
        "http://[me:geheim@x/?token=geheim",
        "gs://",
    ],
)
def test_no_credentials_are_told(house: House, bad: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with pytest.raises(ValueError) as caught:
        house.draft().add_reference(bad)

    assert "geheim" not in str(caught.value) + caplog.text
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["s3", "gs", "az"])
def test_without_a_checksum_no_bucket_is_asked_and_the_version_is_kept(
    house: House, scheme: str
) -> None:
    pin = "#12" if scheme == "gs" else "?versionId=12"
    artifact = house.draft()

    (plain,) = artifact.add_reference(f"{scheme}://b/d/k", checksum=False)
    (pinned,) = artifact.add_reference(f"{scheme}://b/d/k{pin}", "pinned", checksum=False)

    assert (plain.path, plain.digest, plain.size) == ("d/k", f"{scheme}://b/d/k", None)
    assert pinned.ref == pinned.digest == f"{scheme}://b/d/k{pin}"
    assert plain.extra == pinned.extra == {}


def test_the_local_paths_that_references_read_are_told(house: House) -> None:
    root = house.tree("far", {"a b": "1", "d/c": "2"})
    (root / "link").symlink_to("a b")
    (house.folder / "way").symlink_to("far")
    artifact = house.draft({"own": "x"})
    artifact.add_reference(uri(house.folder / "way" / "link"))
    artifact.add_reference(uri(root).replace("far", "f%61r") + "/a%20b", "twice")
    artifact.add_reference(uri(house.folder / "way") + "/", "folder", checksum=False)
    artifact.add_reference("https://h/x", checksum=False)
    entries = house.save(artifact)._at("x").manifest.entries()

    assert sorted(sources(entries)) == [str(root), str(root / "a b"), str(root / "link")]
    assert sources([reference("x", "file://machine/x", "d", None)]) == []


@pytest.mark.parametrize("checksum", [True, False])
def test_links_to_files_are_followed_and_links_to_folders_are_not(
    house: House, checksum: bool
) -> None:
    root, other = house.tree("far", {"a": "1"}), house.file("other/b", "2")
    (root / "file").symlink_to(other)
    (root / "folder").symlink_to(other.parent)
    artifact = house.draft()

    artifact.add_reference(uri(root), "top", checksum=checksum)

    assert listing(house.save(artifact).download("out")) == {"top/a": "1", "top/file": "2"}


def test_a_link_below_a_folder_that_leads_nowhere_is_told(house: House) -> None:
    root = house.tree("far", {"a": "1"})
    (root / "link").symlink_to("nowhere")

    with pytest.raises(SourceChanged, match="leads nowhere"):
        house.draft().add_reference(uri(root))


def test_links_below_a_folder_do_not_lead_out_of_allowed_folders(house: House) -> None:
    root, outside = house.tree("shared", {"a": "1"}), house.file("private/b", "geheim")
    (root / "link").symlink_to(outside)

    with reaching(house, reference_roots=(root,)) as narrow:
        draft = narrow.draft()
        with pytest.raises(ReferenceRefused, match="reference_roots"):
            draft.add_reference(uri(root))
        draft.add_reference(uri(root), checksum=False)
        with pytest.raises(ReferenceRefused, match="reference_roots"):
            narrow.save(draft).download("out")

    assert "geheim" not in listing("out").values()


def test_a_folder_that_is_downloaded_below_itself_has_no_copy_of_the_copy(house: House) -> None:
    files = {f"{number:04}": "x" for number in range(600)}
    root = house.tree("far", files)
    artifact = house.draft({"own": "y"})
    artifact.add_reference(uri(root), "n", checksum=False)
    for number in range(40):
        artifact.add_reference(uri(root / f"{number:04}"), f"m/{number}")

    house.save(artifact).download(root / "m")

    assert set(listing(root / "m/n")) - {"m/own"} - {f"m/m/{n}" for n in range(40)} == set(files)


def test_a_path_with_a_null_is_an_error_of_ours(house: House) -> None:
    with pytest.raises(ArgumentInvalid, match="null"):
        house.draft().add_reference("file:///tmp/a%00b")


def test_a_scheme_in_capitals_is_the_same_scheme(house: House) -> None:
    root = house.tree("far", {"a b?token=1": "1"})
    artifact = house.draft()

    (entry,) = artifact.add_reference(f"FILE://{root}/a b?token=1", "x")
    artifact.add_reference(f"File://{root}", "d")

    assert entry.ref == f"FILE://{root}/a b?token=1"
    assert listing(house.save(artifact).download("out")) == {"x": "1", "d/a b?token=1": "1"}
    assert artifact.verify("out").ok


def crafted(house: House, path: str, to: str) -> Any:
    """A version with a reference that nothing was asked of."""
    artifact = house.draft()
    entry = Entry(path, 0, b"", Reference(to, "blake3:" + "0" * 64, b""), Location(REFERENCE))
    artifact._filling.put(entry, overwrite=False)
    return house.save(artifact)


def test_a_reference_that_leads_to_itself_ends_in_an_error(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "token_hex", lambda count: "ab" * count)
    artifact = crafted(house, "loop", f"wandb-artifact://{'ab' * 16}/loop")

    with pytest.raises(ReferenceMissing, match="to no file"):
        artifact.download("out")
    artifact.download("out", allow_missing_references=True)

    assert listing("out") == {}


@pytest.mark.parametrize("bad", ["http://[x", "wandb-artifact://[x/a", "file:///a%00b", "none"])
def test_a_crafted_uri_that_is_none_is_an_error_of_ours(house: House, bad: str) -> None:
    artifact = crafted(house, "x", bad)

    with pytest.raises(ArgumentInvalid):
        artifact.download("out")
    artifact.download("out", allow_missing_references=True)

    assert listing("out") == {}


def test_what_the_disk_says_of_the_root_is_an_error_of_ours(house: House) -> None:
    artifact = house.draft()
    artifact.add_reference(uri(house.file("far/a")), "d/a")
    house.save(artifact)
    house.tree("out", {})
    (house.folder / "out" / "d").symlink_to("d")

    with pytest.raises(StorageError, match="symbolic links"):
        artifact.download("out")


@pytest.mark.parametrize("to", ["s3://b/q?token=1", "gs://b/q#sig=1", "az://c/q?policy=2"])
def test_a_key_that_may_be_a_secret_needs_a_look_at_it(house: House, to: str) -> None:
    with pytest.raises(ArgumentInvalid, match="may be a secret") as caught:
        house.draft().add_reference(to, checksum=False)

    assert "=" not in str(caught.value)
