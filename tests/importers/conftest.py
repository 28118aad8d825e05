"""What the tests of importers share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.artifacts.house import House

from wbart.recording.surroundings import enter, leave


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A workspace in tmp_path that is the current one; tmp_path is the working folder."""
    monkeypatch.chdir(tmp_path)
    built = House.build(tmp_path)
    enter(built.workspace)
    yield built
    leave(built.workspace)
