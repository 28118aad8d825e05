"""What W&B's guide types into a shell, and the variables that its scripts are told by."""

from __future__ import annotations

import shlex
import sys
from importlib import import_module
from pathlib import Path

import pytest
from tests.cli.conftest import Shell
from tests.recipes.pages import text


def test_the_importers_come_with_wbart_and_need_nothing_installed() -> None:
    """An extra that wbart does not have is a warning of pip's, and no failure."""
    assert shlex.split(text("S4-01"), comments=True) == ["pip", "install", "wandb[importers]"]

    importers = import_module("wbart.apis.importers")
    assert importers.Namespace("entity", "project").path == "entity/project"
    assert "mlflow" not in sys.modules


@pytest.fixture
def wbart(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_there_is_nothing_to_log_in_to(wbart: Shell) -> None:
    program, *words = shlex.split(text("S4-02"))
    assert program == "wandb"

    assert wbart(*words).err == "Nothing to log in to: a store has credentials of its own.\n"


def test_exported_variables_of_wandb_count(wbart: Shell) -> None:
    wbart.env |= {"WANDB_API_KEY": "0" * 40, "WANDB_PROJECT": "theirs", "WANDB_ENTITY": "team"}
    (wbart.folder / "a.txt").write_text("one")

    assert wbart("put", "a.txt", "-n", "x", "-q").out == "team/theirs/x:v0\n"
    wbart.env["WBART_PROJECT"] = "ours"
    assert wbart("put", "a.txt", "-n", "x", "-q").out == "team/ours/x:v0\n"
