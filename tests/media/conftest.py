"""What tests of media share."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.media.folder import Folder


@pytest.fixture
def artifact(tmp_path: Path) -> Folder:
    """A holder of kind artifact."""
    return Folder(tmp_path / "artifact")


@pytest.fixture
def run(tmp_path: Path) -> Folder:
    """A holder of kind run."""
    return Folder(tmp_path / "run", "run")
