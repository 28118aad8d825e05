from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.artifacts.world import World

from wbart import calls
from wbart.artifact import Artifact
from wbart.errors import ArtifactNotLoggedError, CommError
from wbart.recording.liverun import Run
from wbart_manifest.errors import EntryClash


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    yield World(tmp_path)
    calls.finish()


def shard(world: World, path: str, text: str, type: str = "dataset") -> Artifact:
    draft = Artifact("data", type)
    draft.add_file(world.file("shard", text), name=path)
    return draft


def pending(run: Run) -> list[str]:
    return [stat.key for stat in run.workspace.store.objects.list("pending/")]


def test_runs_of_one_group_make_one_version(world: World) -> None:
    for number in range(3):
        with world.run(group="g") as run:
            run.upsert_artifact(shard(world, f"part-{number}", f"text {number}"))
    with world.run(group="g") as run:
        assert not run.workspace.catalog.exists("ent", "proj", "data")
        found = run.finish_artifact(shard(world, "part-3", "text 3"), aliases=["whole"]).wait()

    assert found.version == "v0"
    assert sorted(found.aliases) == ["latest", "whole"]
    assert [entry.path for entry in found.manifest] == [f"part-{n}" for n in range(4)]
    root = Path(found.download())
    assert [(root / f"part-{n}").read_text() for n in range(4)] == [f"text {n}" for n in range(4)]
    assert pending(run) == []


def test_a_shard_is_no_version(world: World) -> None:
    with world.run() as run:
        draft = run.upsert_artifact(shard(world, "a", "a"), distributed_id="d")
        assert draft.wait() is draft
        with pytest.raises(ArtifactNotLoggedError):
            _ = draft.version

        assert len(pending(run)) == 1
        assert draft.distributed_id == "d"


def test_many_small_files_come_out_of_packs_again(world: World) -> None:
    for half in range(2):
        for number in range(20):
            world.file(f"half-{half}/{half}-{number}", f"{half} {number}")
    with world.run() as run:
        for half in range(2):
            draft = Artifact("data", "dataset")
            draft.add_dir(str(world.folder / "files" / f"half-{half}"))
            run.upsert_artifact(draft, distributed_id="d")
            draft.wait()
        found = run.finish_artifact(Artifact("data", "dataset"), distributed_id="d").wait()

    assert found.file_count == 40
    root = Path(found.download())
    assert (root / "0-7").read_text() == "0 7"
    assert (root / "1-19").read_text() == "1 19"


def test_the_version_is_that_of_the_same_files_logged_at_once(world: World) -> None:
    with world.run() as run:
        run.upsert_artifact(shard(world, "a", "1"), distributed_id="d").wait()
        run.upsert_artifact(shard(world, "b", "2"), distributed_id="d").wait()
        merged = run.finish_artifact(Artifact("data", "dataset"), distributed_id="d").wait()
        whole = Artifact("whole", "dataset")
        whole.add_file(world.file("1", "1"), name="a")
        whole.add_file(world.file("2", "2"), name="b")

        assert run.log_artifact(whole).wait().digest == merged.digest


def test_other_rounds_and_collections_are_left_alone(world: World) -> None:
    with world.run() as run:
        run.upsert_artifact(shard(world, "a", "a"), distributed_id="one").wait()
        run.upsert_artifact(shard(world, "b", "b"), distributed_id="two").wait()
        found = run.finish_artifact(Artifact("data", "dataset"), distributed_id="one").wait()

        assert [entry.path for entry in found.manifest] == ["a"]
        assert len(pending(run)) == 1


def test_two_writers_of_one_path_must_agree(world: World) -> None:
    with world.run() as run:
        run.upsert_artifact(shard(world, "a", "1"), distributed_id="d").wait()
        run.upsert_artifact(shard(world, "a", "1"), distributed_id="d").wait()
        run.upsert_artifact(shard(world, "a", "2"), distributed_id="d").wait()
        with pytest.raises(EntryClash, match="'a'"):
            run.finish_artifact(Artifact("data", "dataset"), distributed_id="d").wait()

        assert len(pending(run)) == 3
        assert not run.workspace.catalog.exists("ent", "proj", "data")


def test_shards_of_another_type_are_refused(world: World) -> None:
    with world.run() as run:
        run.upsert_artifact(shard(world, "a", "1", type="model"), distributed_id="d").wait()
        with pytest.raises(CommError, match="'model', not 'dataset'"):
            run.finish_artifact(Artifact("data", "dataset"), distributed_id="d").wait()


def test_without_a_group_or_an_id_nobody_knows_what_belongs_together(world: World) -> None:
    with world.run() as run:
        with pytest.raises(TypeError, match="Cannot upsert artifact unless run is in a group"):
            run.upsert_artifact(shard(world, "a", "1"))
        with pytest.raises(TypeError, match="Cannot finish artifact unless run is in a group"):
            run.finish_artifact(shard(world, "a", "1"))
