"""Adding and downloading take the same memory however large the files, and however many."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

MOST = 176
"""MiB of resident memory: 44 before a byte came, then pieces of 8: eight that are read ahead, one
each for who reads, checks, keeps and writes, and what the C library holds back of the threads'."""


@pytest.fixture(scope="module", params=["one of 300 MB", "20,000 small"])
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    if request.param == "one of 300 MB":
        piece = os.urandom(1_000_000)
        with (folder / "large").open("wb") as file:
            for number in range(300):
                file.write(number.to_bytes(8, "big") + piece[8:])
        return folder
    for number in range(20_000):
        path = folder / f"d{number // 500}" / f"f{number}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(number.to_bytes(8, "big") * 256)
    return folder


@pytest.mark.parametrize("kind", ["local", "distant"])
def test_memory_is_bounded(source: Path, tmp_path: Path, kind: str) -> None:
    (tmp_path / "source").symlink_to(source)
    told = subprocess.run(
        [sys.executable, "-m", "tests.storage.memory_user", str(tmp_path), kind],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stderr
    added, downloaded = map(int, told.stdout.split())

    assert added <= downloaded < MOST
    size = sum(path.stat().st_size for path in source.rglob("*") if path.is_file())
    found = [path.stat().st_size for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert sum(found) == size
