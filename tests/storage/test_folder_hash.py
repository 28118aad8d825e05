"""Digests of many files: in order, of the bytes as they are, and of nothing but files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.descriptors import opened
from tests.storage.blobstore import blake3, noise

from wbart_manifest.digest import digest_function
from wbart_storage.errors import AccessDenied, SourceChanged
from wbart_storage.files import file_hash, folder_hash
from wbart_storage.files.folder_hash import FolderHash, Hashed, batches

SIZES = [0, 1, 100, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 5_000_000]
FILES = {f"{'abc'[n % 3]}/d/f{n}": noise(size, n) for n, size in enumerate(SIZES)}


class Item(NamedTuple):
    path: str


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path, data in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    return tmp_path


def hashed(root: Path, *paths: str, **options: bool | int) -> list[Hashed[Item]]:
    algorithm = "sha256" if options.pop("sha256", False) else "blake3"
    hashing = FolderHash(str(root), algorithm, 2, **options)  # type: ignore[arg-type]
    found = hashing.run(batches(map(Item, paths)))
    return [batch.one(index) for batch in found for index in range(len(batch.items))]


@pytest.mark.parametrize("sha256", [False, True])
@pytest.mark.parametrize("pumped", [64 << 20, 3_000_000])
def test_digests_are_those_of_the_bytes(
    root: Path, monkeypatch: pytest.MonkeyPatch, sha256: bool, pumped: int
) -> None:
    monkeypatch.setattr(file_hash, "_PUMPED", pumped)
    digest = digest_function("sha256" if sha256 else "blake3")

    assert hashed(root, *FILES, sha256=sha256) == [
        Hashed(Item(path), digest(data), len(data), None) for path, data in FILES.items()
    ]


@pytest.mark.parametrize("batch", [1, 3, 1000])
def test_many_files_come_in_order(root: Path, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    monkeypatch.setattr(folder_hash, "BATCH", batch)
    paths = [*FILES] * 10

    assert [each.item.path for each in hashed(root, *paths)] == paths
    assert [each.digest for each in hashed(root, *paths)] == [blake3(FILES[p]) for p in paths]


@pytest.mark.parametrize("can_fork", [True, False])
def test_processes_find_what_threads_find(
    root: Path, monkeypatch: pytest.MonkeyPatch, can_fork: bool
) -> None:
    monkeypatch.setattr(folder_hash, "_MANY", 1)
    monkeypatch.setattr(folder_hash, "can_fork", lambda: can_fork)
    found = hashed(root, *FILES, "gone", expected=5)

    assert found[:-1] == hashed(root, *FILES)
    assert isinstance(found[-1].error, SourceChanged)


def test_links_are_not_followed_unless_asked(root: Path) -> None:
    (root / "link").symlink_to("a/d/f0")
    (root / "dangling").symlink_to("nothing")

    assert [each.digest for each in hashed(root, "link", "dangling")] == [b"", b""]
    assert [each.error for each in hashed(root, "link", "dangling")] == [None, None]
    link, dangling = hashed(root, "link", "dangling", follow=True)
    assert link.digest == blake3(FILES["a/d/f0"])
    assert isinstance(dangling.error, SourceChanged)


@pytest.mark.timeout(20)
def test_what_is_no_file_has_no_digest(root: Path) -> None:
    os.mkfifo(root / "pipe")
    (root / "device").symlink_to("/dev/zero")
    for path in ("pipe", "a"):
        [found] = hashed(root, path)
        assert (found.digest, found.error) == (b"", None)
    [found] = hashed(root, "device", follow=True)
    assert found.digest == b""


def test_what_cannot_be_read_is_told_and_the_rest_goes_on(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = os.open

    def refuse(path: str, flags: int, **named: int) -> int:
        if path == "f1":
            raise PermissionError(13, "Permission denied")
        return opened(path, flags, **named)

    monkeypatch.setattr(os, "open", refuse)
    found = hashed(root, "a/d/f0", "b/d/f1", "no/such/file", "c/d/f2", "a/d/f0/below")

    assert [each.digest for each in found] == [
        blake3(FILES["a/d/f0"]), b"", b"", blake3(FILES["c/d/f2"]), b"",
    ]  # fmt: skip
    errors = [each.error for each in found]
    assert isinstance(errors[1], AccessDenied)
    assert all(isinstance(errors[n], SourceChanged) for n in (2, 4))
    assert "b/d/f1" in str(errors[1])


def test_nothing_stays_open(root: Path) -> None:
    hashed(root, *FILES)
    before = opened()
    hashed(root, *FILES, "gone", "no/such")
    assert opened() <= before


@pytest.mark.parametrize("expected", [0, 5, 1_000, 30_000, 100_000, 10_000_000])
@pytest.mark.parametrize("jobs", [1, 2, 8])
def test_every_worker_gets_some_batches_and_none_is_too_big(expected: int, jobs: int) -> None:
    batch = FolderHash("", "blake3", jobs, expected=expected).batch

    assert 8 <= batch <= 2048
    assert batch == 8 or expected / batch >= 8 * jobs
