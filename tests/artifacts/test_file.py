from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.artifacts.world import World

from wbart import calls
from wbart.artifact import Artifact
from wbart.folders.file import File


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def artifact(world: World) -> Iterator[Artifact]:
    """Files a.csv, b/c.json, d, and a reference."""
    with world.run() as run:
        draft = Artifact("data", "dataset")
        draft.add_file(world.file("a", "1,2"), name="a.csv")
        draft.add_file(world.file("c", "{}"), name="b/c.json")
        draft.add_file(world.file("d", "text"), name="d")
        draft.add_reference(f"file://{world.file('r', 'far')}", name="ref")
        yield run.log_artifact(draft).wait()
    calls.finish()


def test_files_come_by_path_and_are_counted(artifact: Artifact) -> None:
    found = artifact.files(per_page=2)

    assert len(found) == 4
    assert [file.name for file in found] == ["a.csv", "b/c.json", "d", "ref"]
    assert repr(found) == "<ArtifactFiles ent/proj/data:v0 (4)>"


def test_names_pick_and_len_counts_what_is_picked(artifact: Artifact) -> None:
    found = artifact.files(names=["d", "none", "a.csv"])

    assert len(found) == 2
    assert [file.name for file in found] == ["a.csv", "d"]


@pytest.mark.parametrize("names", [None, ["d", "a.csv", "ref"]])
def test_a_list_of_files_is_taken_up_where_it_was_left(
    artifact: Artifact, names: list[str] | None
) -> None:
    whole = [file.name for file in artifact.files(names=names)]
    first = artifact.files(names=names, per_page=1)
    assert first[0].name == "a.csv"

    rest = artifact.files(names=names, per_page=1, start=first.cursor)
    assert [file.name for file in rest] == whole[1:]


def test_what_a_file_tells(artifact: Artifact, world: World) -> None:
    table, _, text, ref = artifact.files()

    assert (table.size, table.mimetype, text.mimetype) == (3, "text/csv", "")
    assert table.digest == table.md5 == artifact.get_entry("a.csv").digest
    assert table.storage_path == f"o/{table.digest[7:9]}/{table.digest[7:]}"
    assert Path(table.path_uri).read_text() == "1,2"
    assert table.url == table.direct_url == table.path_uri
    assert ref.path_uri == f"file://{world.folder}/files/r"
    assert ref.storage_path == ""


def test_a_download_is_open_for_reading(artifact: Artifact, tmp_path: Path) -> None:
    file = artifact.files()[1]
    with file.download(root=tmp_path / "out") as handle:
        assert handle.read() == "{}"
        assert handle.name == str(tmp_path / "out" / "b" / "c.json")


def changed(file: File, root: Path) -> Path:
    file.download(root).close()
    path = root / file.name
    path.chmod(0o644)
    path.write_text("mine")
    return path


def test_a_file_that_is_there_is_an_error_or_kept_or_replaced(
    artifact: Artifact, tmp_path: Path
) -> None:
    file = artifact.files()[2]
    path = changed(file, tmp_path / "out")
    with pytest.raises(ValueError, match="already exists"):
        file.download(tmp_path / "out")
    with file.download(tmp_path / "out", exist_ok=True) as handle:
        assert handle.read() == "mine"
    with file.download(tmp_path / "out", replace=True) as handle:
        assert handle.read() == "text"

    assert path.read_text() == "text"
