"""Uploaders are killed at many points: no half version is seen, and the next run goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.artifacts.house import loaded
from tests.crash.put_victim import LARGE, SMALL, put, source, workspace

from wbart.errors import ArtifactNotFound
from wbart_manifest.location import PACKED
from wbart_storage.backends.local import LocalObjects
from wbart_storage.files.fingerprint import unpack_place
from wbart_storage.keys import blob_key, pack_key
from wbart_storage.staging import ingest
from wbart_storage.staging.session import READY
from wbart_storage.staging.stage import Stage

FILES = SMALL + LARGE


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


class Read:
    """The files that are read while it is on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.paths: list[str] = []
        small, large = ingest._read, Stage.large

        def reading(path: str, seen: os.stat_result) -> tuple[bytes, os.stat_result]:
            self.paths.append(path)
            return small(path, seen)

        def reading_large(stage: Stage, path: str, also: object = None) -> object:
            self.paths.append(path)
            return large(stage, path, also)  # type: ignore[arg-type]

        monkeypatch.setattr(ingest, "_read", reading)
        monkeypatch.setattr(Stage, "large", reading_large)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    return Read(monkeypatch)


def test_a_killed_upload_is_continued_by_the_next(tmp_path: Path, read: Read) -> None:
    subprocess.run(
        [sys.executable, "-m", "tests.crash.put_victim", str(tmp_path), "40"],
        check=True,
        env=environment(),
    )
    places = sorted((path for path in tmp_path.iterdir() if path.name.isdigit()), key=by_number)
    resumed = [check(place, tmp_path / "source", read) for place in places]

    assert len(places) >= 30
    assert resumed[-1] == FILES
    assert any(0 < count < FILES for count in resumed)


def by_number(path: Path) -> int:
    return int(path.name)


def test_an_upload_killed_at_any_time_is_continued(tmp_path: Path, read: Read) -> None:
    root = source(tmp_path)
    command = [sys.executable, "-m", "tests.crash.put_victim", "once"]
    killed = 0
    for number in range(8):
        place = tmp_path / f"{number}"
        place.mkdir()
        child = subprocess.Popen([*command, str(place), str(root)], env=environment())
        try:
            child.wait(0.1 + 0.15 * number)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            killed += 1
        assert child.wait() in (0, -signal.SIGKILL)
        check(place, root, read)
    assert killed > 0


def check(place: Path, root: Path, read: Read) -> int:
    """Check a store after a crash, and that the same put succeeds; how much it found done."""
    check_versions(place)
    known = finished(place, root)
    read.paths.clear()
    artifact = put(place, root)

    assert len(read.paths) == FILES - known
    assert (artifact.version, artifact.file_count) == ("v0", FILES)
    assert check_versions(place) == 1
    assert sorted(path.name for path in (place / "store/.stage").iterdir()) == [READY]
    return known


def check_versions(place: Path) -> int:
    """Every version that can be seen is whole; how many there are."""
    at = workspace(place)
    try:
        artifact = loaded(at, "data:latest")
    except ArtifactNotFound:
        return 0
    report = artifact.verify_stored()
    assert report.ok
    assert report.checked == FILES
    return int(artifact.version[1:]) + 1


def finished(place: Path, root: Path) -> int:
    """The files whose fingerprints tell of bytes that wait on the stage, or are stored."""
    at = workspace(place)
    prints = at.store.fingerprints()
    count = sum(1 for each in prints.below(str(root)) if has(place, each.place, each.digest))
    prints.close()
    return count


def has(place: Path, packed: bytes | None, digest: bytes) -> bool:
    location = unpack_place(packed or b"", digest)
    assert location is not None
    name = location.object.hex() if location.kind == PACKED else digest.hex()
    key = pack_key(name) if location.kind == PACKED else blob_key(name)
    ready = place / "store/.stage" / READY / Path(key).name
    return ready.exists() or LocalObjects(place / "store").path(key).exists()
