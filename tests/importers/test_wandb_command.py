"""`wbart import wandb`, as people call it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.artifacts.house import flip
from tests.cli.conftest import Shell
from tests.importers.wandbworld import Written


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return Written.below(tmp_path_factory.getbasetemp())


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_a_folder_of_runs_is_imported_once(written: Written, shell: Shell) -> None:
    folder = written.folder / "artifacts" / "wandb"
    first = shell("import", "wandb", folder)
    second = shell("import", "wandb", folder, "--json")

    assert first.lines == ["default/arts  2 runs imported"]
    assert second.json["unchanged"] == ["default/arts/maker001", "default/arts/maker002"]
    found = shell("show", "arts/line:new", "--json").json
    assert found["digest"] == written.digests["line"][2]


def test_entity_and_project_go_before_what_runs_say(written: Written, shell: Shell) -> None:
    shell("import", "wandb", written.folder / "full", "--entity", "bob", "-p", "mine")

    assert "full0001" in shell("runs", "ls", "bob/mine").out


def test_what_is_missing_is_told_and_the_rest_is_there(written: Written, shell: Shell) -> None:
    ran = shell("import", "wandb", written.folder / "ends", code=3)

    assert ran.lines == ["default/ends  3 runs imported"]
    assert "run again: it was begun anew" in ran.err


def test_a_damaged_log_alone_fails(written: Written, shell: Shell, tmp_path: Path) -> None:
    log = written.copy("failed", tmp_path / "copy")
    flip(log)

    ran = shell("import", "wandb", log, code=1)

    assert f"{log} is damaged at byte " in ran.err


def test_a_path_without_runs_is_told_in_a_line(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    for path, said, code in (("none", "no run of W&B lies in none", 2), ("gone", "no such", 4)):
        ran = shell("import", "wandb", path, code=code)
        assert said in ran.err
        assert len(ran.err.splitlines()) == 1


def test_a_folder_with_a_manifest_becomes_a_version(written: Written, shell: Shell) -> None:
    folder = written.folder / "manifests" / "MD5"

    ran = shell("import", "wandb", folder, "--name", "p/data", "--type", "corpus", "-a", "good")

    assert ran.lines == [f"default/p/data:v0  {written.digests['folder-MD5'][0]}"]
    assert shell("show", "p/data:good", "--json").json["type"] == "corpus"


def test_names_and_manifests_go_together(written: Written, shell: Shell) -> None:
    for arguments in ((written.folder / "manifests" / "MD5",),
                      (written.folder / "full", "--name", "x")):  # fmt: skip
        assert "manifest" in shell("import", "wandb", *arguments, code=2).err
