"""A store that the surroundings name, and an empty folder to run recipes in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.artifacts.world import World

from wbart import calls


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Where a script runs that was told nothing: it works in `entity/project`."""
    for name, value in {
        "WBART_STORE": str(tmp_path / "store"),
        "WBART_CACHE_DIR": str(tmp_path / "cache"),
        "WBART_DATA_DIR": str(tmp_path / "data"),
        "WBART_CONFIG_DIR": str(tmp_path / "config"),
        "WBART_ENTITY": "entity",
        "WBART_PROJECT": "project",
    }.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    yield World(tmp_path)
    calls.finish()
