from __future__ import annotations

import enum
import math
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.artifacts.house import House

from wbart.artifact import Artifact
from wbart.errors import ArtifactNotLoggedError, NameInvalid

EMPTY_MD5 = "64e7c61456b10382e2f3b571ac24b659"


class Colour(enum.Enum):
    RED = 1


@pytest.mark.parametrize("name", ["", ".", "..", "a b", "a/b", "a:b", "foo\n", "ä", "x" * 129])
def test_a_name_that_nothing_can_be_called_is_refused(house: House, name: str) -> None:
    with pytest.raises(ValueError, match="Artifact name"):
        Artifact(name, "dataset")


@pytest.mark.parametrize("name", ["a", "A-1_b.c", "v0", "latest", "x" * 128])
def test_letters_digits_dashes_underscores_and_dots_are_a_name(house: House, name: str) -> None:
    assert Artifact(name, "dataset").name == name


@pytest.mark.parametrize("name", [None, 3])
def test_a_name_that_is_no_text_is_a_type_error(house: House, name: Any) -> None:
    with pytest.raises(TypeError):
        Artifact(name, "dataset")


@pytest.mark.parametrize(
    ("name", "type_"),
    [("a", "job"), ("a", "wandb-x"), ("run-1", "run_table"), ("source-1", "code")],
)
def test_types_that_wandb_keeps_for_itself_are_refused(house: House, name: str, type_: str) -> None:
    with pytest.raises(NameInvalid, match="reserved for internal use"):
        Artifact(name, type_)


@pytest.mark.parametrize("type_", ["", "x/y", "x:y", "a b"])
def test_a_type_follows_the_character_set_of_names(house: House, type_: str) -> None:
    with pytest.raises(ValueError):
        Artifact("a", type_)


def test_all_arguments_may_be_given_by_position(house: House) -> None:
    with pytest.warns(DeprecationWarning, match="use_as"):
        artifact = Artifact("a", "dataset", "text", {"k": 1}, True, "x", "eu", "MD5")

    assert (artifact.description, artifact.metadata, artifact.incremental) == (
        "text",
        {"k": 1},
        True,
    )
    assert artifact.use_as is None
    assert artifact.manifest.to_manifest_json()["storagePolicyConfig"] == {
        "storageLayout": "V2",
        "storageRegion": "eu",
    }


def test_the_storage_region_is_kept(house: House) -> None:
    house.version(storage_region="eu")

    found = house.load("data").manifest.to_manifest_json()
    assert found["storagePolicyConfig"] == {"storageLayout": "V2", "storageRegion": "eu"}


@pytest.mark.parametrize("region", ["", "  ", 3])
def test_a_blank_storage_region_is_refused(house: House, region: Any) -> None:
    with pytest.raises(ValueError, match="storage_region"):
        Artifact("a", "dataset", storage_region=region)


def test_an_unknown_digest_algorithm_is_refused(house: House) -> None:
    with pytest.raises(ValueError, match="digest_algorithm"):
        Artifact("a", "dataset", digest_algorithm="SHA1")


@pytest.mark.parametrize("nothing", [None, "", {}])
def test_no_metadata_is_an_empty_dict(house: House, nothing: Any) -> None:
    assert Artifact("a", "dataset", metadata=nothing).metadata == {}


def test_metadata_may_be_the_text_of_a_json_object(house: House) -> None:
    assert Artifact("a", "dataset", metadata='{"k": [1]}').metadata == {"k": [1]}


@pytest.mark.parametrize("bad", [[1], 3, {"k": object()}, {"k": 1j}, {("a", "b"): 1}])
def test_metadata_that_json_cannot_hold_is_a_type_error(house: House, bad: Any) -> None:
    with pytest.raises(TypeError):
        Artifact("a", "dataset", metadata=bad)
    with pytest.raises(TypeError):
        Artifact("a", "dataset").metadata = bad


def test_only_the_keys_of_the_top_level_are_counted(house: House) -> None:
    inner = {str(number): number for number in range(200)}

    assert Artifact("a", "dataset", metadata={"k": inner}).metadata == {"k": inner}
    with pytest.raises(ValueError, match="101 keys"):
        Artifact("a", "dataset", metadata={str(n): n for n in range(101)})


def test_metadata_is_a_deep_copy_of_what_was_given(house: House) -> None:
    given = {"k": [1]}
    artifact = Artifact("a", "dataset", metadata=given)

    given["k"].append(2)

    assert artifact.metadata == {"k": [1]}


def test_metadata_edited_in_place_is_checked_again_when_it_is_saved(house: House) -> None:
    artifact = house.draft()
    artifact.metadata.update({str(number): number for number in range(101)})

    with pytest.raises(ValueError, match="101 keys"):
        house.save(artifact)

    artifact = house.version()
    artifact.metadata["k"] = math.inf
    with pytest.raises(ValueError, match="infinite"):
        artifact.save()
    assert house.load("data").metadata == {}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ((1, 2), [1, 2]),
        ({3}, [3]),
        (b"x", "x"),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 3), "2026-01-02T03:00:00"),
        (Colour.RED, "RED"),
        (slice(1, 2), {"slice_start": 1, "slice_stop": 2, "slice_step": None}),
        (math.nan, None),
    ],
)
def test_metadata_values_become_json_as_wandb_has_it(
    house: House, given: object, kept: object
) -> None:
    assert Artifact("a", "dataset", metadata={"k": given}).metadata == {"k": kept}


def test_a_fresh_artifact_is_an_empty_pending_draft(house: House) -> None:
    artifact = Artifact("a", "dataset", digest_algorithm="MD5")

    assert artifact.id is None
    assert (artifact.state, artifact.is_draft()) == ("PENDING", True)
    assert (artifact.name, artifact.source_name, artifact.size) == ("a", "a", 0)
    assert artifact.digest == EMPTY_MD5
    assert len(artifact.manifest) == 0
    assert artifact.manifest.to_manifest_json()["storagePolicyConfig"] == {"storageLayout": "V2"}
    assert "a" in repr(artifact)


LOOKS: list[Callable[[Artifact], object]] = [
    lambda artifact: artifact.digest,
    lambda artifact: artifact.size,
    lambda artifact: len(artifact.manifest),
    lambda artifact: artifact.manifest.to_manifest_json(),
    lambda artifact: artifact.get_added_local_path_name("x"),
]


@pytest.mark.parametrize("look", LOOKS)
def test_looking_at_an_empty_draft_makes_no_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, look: Callable[[Artifact], object]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WBART_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("WBART_CACHE_DIR", str(tmp_path / "cache"))

    look(Artifact("a", "dataset"))

    assert list(tmp_path.iterdir()) == []


def test_removing_from_an_empty_draft_makes_no_store_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WBART_DATA_DIR", str(tmp_path / "data"))

    with pytest.raises(FileNotFoundError):
        Artifact("a", "dataset").remove("x")

    assert list(tmp_path.iterdir()) == []


def test_a_version_name_before_logging_is_no_attribute(house: House) -> None:
    artifact = Artifact("a", "dataset")

    assert not hasattr(artifact, "entity")
    with pytest.raises(ArtifactNotLoggedError):
        _ = artifact.version
