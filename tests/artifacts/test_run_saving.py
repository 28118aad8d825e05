"""Files and code that a run keeps."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.artifacts.world import World

from wbart.errors import ArgumentInvalid
from wbart.recording.liverun import Run
from wbart.recording.path import RunPath
from wbart.recording.record import read_record
from wbart.recording.stored import wanted_file


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    (tmp_path / "here/logs").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    return World(tmp_path)


def kept(run: Run) -> dict[str, str]:
    store = run.workspace.store
    record = read_record(store.objects, RunPath(run.entity, run.project, run.id))
    facts = record.files.items()
    return {path: store.blobs.read(wanted_file(path, fact)).decode() for path, fact in facts}


def test_relative_paths_stay_and_absolute_ones_become_names(world: World, tmp_path: Path) -> None:
    Path("logs/a.txt").write_text("a")
    Path("logs/b.txt").write_text("b")
    world.file("far.txt", "far")
    with world.run() as run:
        assert run.save("logs/*.txt") == ["logs/a.txt", "logs/b.txt"]
        assert run.save(str(tmp_path / "files/far.txt"), policy="now") == ["far.txt"]
        assert run.save(str(tmp_path / "files/*"), base_path=tmp_path) == ["files/far.txt"]
        assert run.save("nothing*") == []
        assert kept(run).keys() == {"logs/a.txt", "logs/b.txt", "far.txt", "files/far.txt"}


@pytest.mark.parametrize(
    ("policy", "before", "after"), [("live", "1", "2"), ("now", "1", "1"), ("end", None, "2")]
)
def test_a_policy_says_when(world: World, policy: str, before: str | None, after: str) -> None:
    Path("x").write_text("1")
    with world.run() as run:
        run.save("x", policy=policy)  # type: ignore[arg-type]
        assert kept(run).get("x") == before
        Path("x").write_text("2")

    assert kept(run) == {"x": after}


def test_a_folder_is_kept_whole_and_what_is_gone_at_the_end_is_no_error(world: World) -> None:
    Path("logs/a.txt").write_text("a")
    with world.run() as run:
        assert run.save("logs", policy="end") == ["logs/a.txt"]
        Path("logs/a.txt").unlink()

    assert kept(run) == {}


def test_odd_calls_are_told(world: World) -> None:
    with world.run() as run:
        with pytest.raises(ArgumentInvalid, match="policy"):
            run.save("x", policy="often")  # type: ignore[arg-type]
        with pytest.raises(ArgumentInvalid, match="below its base path"):
            run.save("../x", base_path=".")


def test_code_is_a_version_of_its_own(world: World) -> None:
    Path("train.py").write_text("1")
    Path("logs/helper.py").write_text("2")
    Path("notes.md").write_text("3")
    Path(".hidden").mkdir()
    Path(".hidden/x.py").write_text("4")
    with world.run() as run:
        code = run.log_code()
        assert code is not None
        code.wait()
        assert code.type == "code"
        assert sorted(code.manifest.entries) == ["logs/helper.py", "train.py"]
        notes = run.log_code(include_fn=lambda path, root: path.endswith(".md"))
        assert notes is not None
        assert sorted(notes.wait().manifest.entries) == ["notes.md"]
        assert run.log_code(exclude_fn=lambda path: True) is None
        assert [each.type for each in [code, notes]] == ["code", "code"]
