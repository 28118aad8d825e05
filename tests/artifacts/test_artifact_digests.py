"""W&B's digests, to the letter (programming model, section 12)."""

from __future__ import annotations

import pytest
from tests.artifacts.house import House

from wbart.artifact import Artifact

EMPTY = "64e7c61456b10382e2f3b571ac24b659"


def draft(algorithm: str = "MD5") -> Artifact:
    return Artifact("golden", "dataset", digest_algorithm=algorithm)


def test_an_empty_artifact(house: House) -> None:
    assert draft().digest == EMPTY


def test_one_file(house: House) -> None:
    artifact = draft()
    artifact.add_file(house.file("file1.txt"))

    assert artifact.digest == "a00c2239f036fb656c1dcbf9a32d89b4"
    assert house.save(artifact).get_entry("file1.txt").digest == "XUFAKrxLKna5cZ2REBfFkg=="
    assert artifact.digest == house.load("golden").digest == "a00c2239f036fb656c1dcbf9a32d89b4"


def test_one_file_by_another_name(house: House) -> None:
    artifact = draft()
    artifact.add_file(house.file("file1.txt"), "great-file.txt")

    assert artifact.digest == "585b9ada17797e37c9cbab391e69b8c5"


def test_a_folder_by_name(house: House) -> None:
    artifact = draft()
    artifact.add_dir(house.tree("in", {"file1.txt": "hello"}), "subdir")

    assert artifact.digest == "a757208d042e8627b2970d72a71bed5b"


def test_a_reference_of_an_unknown_scheme(house: House) -> None:
    artifact = draft()
    artifact.add_reference("ref://example.com/somefile.txt", name="ref")

    assert artifact.digest == "410ade94865e89ebe1f593f4379ac228"


LOCAL = {"file1.txt": "hello", "nest/file2.txt": "my", "nest/nest/file3.txt": "dude"}


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        (None, "72414374bfd4b0f60a116e7267845f71"),
        ("top", "f718baf2d4c910dc6ccd0d9c586fa00f"),
    ],
)
def test_a_reference_to_a_local_folder(house: House, name: str | None, digest: str) -> None:
    artifact = draft()
    artifact.add_reference(f"file://{house.tree('in', LOCAL)}", name=name)

    assert artifact.digest == digest


def test_a_reference_and_a_file_of_equal_content_have_equal_digests(house: House) -> None:
    file = house.file("file1.txt")
    one, other = draft(), draft()
    one.add_file(file)
    other.add_reference(f"file://{file}")

    assert one.digest == other.digest


def test_xxh128_marks_each_entry(house: House) -> None:
    artifact = draft("XXH128")
    artifact.add_file(house.file("file1.txt"))
    house.save(artifact)

    contents = artifact.manifest.to_manifest_json()["contents"]

    assert contents["file1.txt"]["extra"] == {"alg": "XXH128"}
    assert len(contents["file1.txt"]["digest"]) == 24
    assert artifact.digest != EMPTY


def test_wandbs_digests_do_not_replace_the_stores_own(house: House) -> None:
    artifact = draft()
    artifact.add_file(house.file("file1.txt"))
    plain = house.version({"file1.txt": "hello"}, name="plain")

    house.save(artifact)

    assert len(artifact.commit_hash) == 64
    assert artifact.verify_stored().ok
    assert plain.digest == f"blake3:{plain.commit_hash}"


def test_a_draft_of_the_next_version_keeps_the_algorithm(house: House) -> None:
    artifact = draft()
    artifact.add_file(house.file("file1.txt"))
    following = house.save(artifact).new_draft()

    following.add_file(house.file("file1.txt"), "great-file.txt")
    following.remove("file1.txt")

    assert house.save(following).digest == "585b9ada17797e37c9cbab391e69b8c5"


def test_the_manifest_says_what_wandbs_would(house: House) -> None:
    artifact = draft()
    artifact.add_file(house.file("file1.txt"))
    artifact.add_reference("ref://x/y", name="ref")

    assert artifact.manifest.to_manifest_json() == {
        "version": 1,
        "storagePolicy": "wandb-storage-policy-v1",
        "storagePolicyConfig": {"storageLayout": "V2"},
        "contents": {
            "file1.txt": {"digest": "XUFAKrxLKna5cZ2REBfFkg==", "size": 5},
            "ref": {"digest": "ref://x/y", "ref": "ref://x/y"},
        },
    }


def test_a_manifest_is_looked_up_by_path_and_by_folder(house: House) -> None:
    manifest = house.version({"a": "1", "d/b": "2", "d-c": "3"}).manifest

    assert (len(manifest), manifest.size(), sorted(manifest.entries)) == (3, 3, ["a", "d-c", "d/b"])
    assert [entry.path for entry in manifest.get_entries_in_directory("d")] == ["d/b"]
    found = manifest.get_entry_by_path("a")
    assert found is not None
    assert found.size == 1
    assert manifest.get_entry_by_path("nothing") is None


def test_settings_can_ask_for_wandbs_digests(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    object.__setattr__(house.workspace.settings, "digest_algorithm", "MD5")

    assert Artifact("a", "dataset").digest == EMPTY
