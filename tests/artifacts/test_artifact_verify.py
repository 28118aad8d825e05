from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.artifacts.house import House, flip, listing

from wbart.artifact import Artifact
from wbart.errors import ArgumentInvalid, VerifyFailed, VerifyMissing

FILES = {"a": "1", "d/b": "2", "d/c": "3", "empty": ""}
LARGE = b"x" * 3_000_000


def test_a_good_folder_is_reported_as_such(house: House) -> None:
    artifact = house.version({**FILES, "large": LARGE})

    report = artifact.verify(artifact.download("out"))

    assert report.ok
    assert (report.checked, report.size) == (5, 3 + len(LARGE))


def test_the_default_root_is_downloaded_when_it_is_missing(house: House) -> None:
    artifact = house.version(FILES)

    assert artifact.verify().checked == 4
    assert listing("artifacts/data:v0") == FILES


def test_a_given_root_that_is_missing_lacks_everything(house: House) -> None:
    with pytest.raises(VerifyMissing, match="Missing file: a") as caught:
        house.version(FILES).verify("nothing")

    assert isinstance(caught.value, FileNotFoundError)
    assert isinstance(caught.value, ValueError)
    assert not Path("nothing").exists()


@pytest.mark.parametrize("offset", [0, 1_500_000, -1])
def test_a_flipped_byte_is_found_though_size_and_times_are_as_before(
    house: House, offset: int
) -> None:
    artifact = house.version({**FILES, "large": LARGE})
    artifact.download("out")
    flip(Path("out/large"), offset)

    with pytest.raises(VerifyFailed, match="Digest mismatch for file: large") as caught:
        artifact.verify("out")

    assert caught.value.report.changed == ("large",)


def test_an_extra_file_is_found(house: House) -> None:
    artifact = house.version(FILES)
    house.file(f"{artifact.download('out')}/extra")

    with pytest.raises(ValueError, match="Found file extra which is not a member"):
        artifact.verify("out")


def test_all_that_is_wrong_is_in_the_report(house: House) -> None:
    artifact = house.version(FILES)
    artifact.download("out")
    Path("out/a").unlink()
    Path("out/d/b").write_text("longer")
    Path("out/d/c").unlink()
    Path("out/d/c").mkdir()
    house.file("out/extra")
    Path("out/empty").write_text("x")

    report = artifact.verify("out", raises=False)

    assert not report.ok
    assert report.extra == ("extra",)
    assert set(report.missing) | set(report.changed) == {"a", "d/b", "d/c", "empty"}
    assert report.to_json()["ok"] is False


def test_a_link_in_place_of_a_file_is_a_change(house: House) -> None:
    artifact = house.version(FILES)
    artifact.download("out")
    Path("out/a").unlink()
    Path("out/a").symlink_to(house.file("elsewhere", "1"))

    assert artifact.verify("out", raises=False).changed == ("a",)


def test_repair_writes_anew_what_is_missing_or_changed(house: House) -> None:
    artifact = house.version({**FILES, "large": LARGE})
    artifact.download("out")
    flip(Path("out/large"))
    Path("out/a").unlink()

    report = artifact.verify("out", repair=True)

    assert report.ok
    assert report.repaired == ("a", "large")
    assert artifact.verify("out").checked == 5


def test_repair_leaves_extra_files_to_their_owner(house: House) -> None:
    artifact = house.version(FILES)
    house.file(f"{artifact.download('out')}/extra")

    with pytest.raises(VerifyFailed):
        artifact.verify("out", repair=True)

    assert Path("out/extra").exists()


def test_repair_from_a_corrupt_store_is_an_error_and_leaves_the_file(house: House) -> None:
    artifact = house.version({"large": LARGE})
    artifact.download("out")
    flip(Path("out/large"), 5)
    before = Path("out/large").read_bytes()
    flip(house.objects("o")[0])

    with pytest.raises(ValueError, match="large"):
        artifact.verify("out", repair=True)

    assert Path("out/large").read_bytes() == before
    assert os.listdir("out") == ["large"]


def test_references_without_a_file_are_not_missed_when_nobody_could_have_fetched_them(
    house: House,
) -> None:
    artifact = house.draft({"a": "1"})
    artifact.add_reference("ref://x/y", "ref")
    house.save(artifact)
    house.tree("out", {"a": "1"})

    report = artifact.verify("out")

    assert report.unverified == ("ref",)


def test_a_changed_reference_is_found(house: House) -> None:
    artifact = house.draft()
    artifact.add_reference(f"file://{house.file('far/a')}")
    house.save(artifact)
    Path(artifact.download("out"), "a").write_text("other")

    assert artifact.verify("out", raises=False).changed == ("a",)
    assert artifact.verify("out", repair=True).ok
    assert listing("out") == {"a": "hello"}


def test_the_store_itself_is_verified_blob_by_blob(house: House) -> None:
    artifact = house.version({**{str(n): f"content {n}" for n in range(40)}, "large": LARGE})

    assert artifact.verify_stored().checked == 41
    (pack,) = house.objects("k")
    flip(pack, pack.read_bytes().index(b"content 17"))
    flip(house.objects("o")[0], 7)

    report = artifact.verify_stored()
    assert report.changed == ("17", "large")


def test_blobs_that_are_gone_are_reported(house: House) -> None:
    artifact = house.version({"a": "1", "large": LARGE})
    for path in house.objects("o"):
        path.unlink()

    assert artifact.verify_stored().missing == ("a", "large")


def test_the_store_is_healed_from_a_folder(house: House) -> None:
    artifact = house.version({**{str(n): f"content {n}" for n in range(40)}, "large": LARGE})
    artifact.download("out")
    (pack,) = house.objects("k")
    flip(pack, pack.read_bytes().index(b"content 17"))
    flip(house.objects("o")[0], 7)

    assert artifact.verify_stored(repair_from="out").ok
    assert artifact.verify_stored().changed == ()


def test_several_members_of_a_pack_are_healed(house: House) -> None:
    artifact = house.version({str(n): f"content {n:02}" for n in range(40)})
    artifact.download("out")
    (pack,) = house.objects("k")
    whole = pack.read_bytes()
    for number in range(40):
        flip(pack, whole.index(b"content %02d" % number))

    report = artifact.verify_stored(repair_from="out")
    assert report.ok
    assert len(report.repaired) == 40
    assert pack.read_bytes() == whole
    assert list((house.workspace.store.local).glob("healing-*")) == []


def test_a_store_is_healed_from_a_mirror(house: House) -> None:
    artifact = house.version({**{str(n): f"content {n}" for n in range(40)}, "large": LARGE})
    mirror = House.build(house.folder, "mirror")
    copy = Artifact("other", "dataset")
    copy.add_dir(artifact.download("out"))
    mirror.save(copy)
    for path in (*house.objects("k"), *house.objects("o")):
        path.unlink()

    assert len(artifact.verify_stored().missing) == 41
    assert artifact.verify_stored(repair_from=mirror.store).ok
    assert artifact.verify_stored().ok


def test_what_is_no_place_to_heal_from_is_refused(house: House) -> None:
    artifact = house.version(FILES)
    with pytest.raises(ArgumentInvalid, match="no cache"):
        artifact.verify_stored(repair_from="cache")
    with pytest.raises(ArgumentInvalid, match="'nowhere'"):
        artifact.verify_stored(repair_from="nowhere")
