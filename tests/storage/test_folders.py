"""Folders of a local store are durable, whoever made them."""

from pathlib import Path

import pytest

from wbart_storage.backends import folders
from wbart_storage.backends.folders import Folders
from wbart_storage.clock import FixedClock


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders that were synced, in order."""
    seen: list[str] = []
    monkeypatch.setattr(folders, "sync_folder", seen.append)
    return seen


def test_a_new_folder_is_synced_with_its_parents(tmp_path: Path, synced: list[str]) -> None:
    made = Folders(str(tmp_path))
    made.ensure(f"{tmp_path}/a/b")
    made.settle(f"{tmp_path}/a/b")

    assert synced == [f"{tmp_path}/a/b", f"{tmp_path}/a", str(tmp_path)]


def test_a_folder_that_another_process_just_made_is_synced_too(
    tmp_path: Path, synced: list[str]
) -> None:
    (tmp_path / "a").mkdir()
    seen = Folders(str(tmp_path))
    seen.ensure(f"{tmp_path}/a")
    seen.settle(f"{tmp_path}/a")

    assert synced == [f"{tmp_path}/a", str(tmp_path)]


def test_an_old_folder_is_synced_alone(tmp_path: Path, synced: list[str]) -> None:
    (tmp_path / "a").mkdir()
    clock = FixedClock((tmp_path / "a").stat().st_mtime + 3600)
    seen = Folders(str(tmp_path), clock)
    seen.ensure(f"{tmp_path}/a")
    seen.settle(f"{tmp_path}/a")

    assert synced == [f"{tmp_path}/a"]


def test_a_store_is_made_where_every_folder_up_to_the_root_is_young(
    tmp_path: Path, synced: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Folders, "_age", lambda self, f: 0.0 if Path(f).is_dir() else None)
    made = Folders(f"{tmp_path}/store")
    made.ensure(f"{tmp_path}/store/a")
    made.settle(f"{tmp_path}/store/a")

    assert synced == [f"{tmp_path}/store/a", f"{tmp_path}/store", str(tmp_path)]
