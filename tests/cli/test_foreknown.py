"""Files that are hashed before their time: believed while they look the same, and dropped else."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from threading import Event

import pytest
from tests.patience import until
from tests.servers import Server
from tests.storage.blobstore import blake3, noise

from wbart.cli.main import main
from wbart.cli.putting import Sources
from wbart.settings.settings import Settings
from wbart_storage.clock import FixedClock
from wbart_storage.errors import SourceChanged
from wbart_storage.files.pump import Pump
from wbart_storage.files.stamp import racy
from wbart_storage.staging import foreknown, stage
from wbart_storage.staging.foreknown import Foreknown, Known
from wbart_storage.staging.session import Session
from wbart_storage.staging.stage import Stage
from wbart_storage.store import create_store

ENDLESS = 1 << 40
"""Bytes of a file with nothing in it: hashed for minutes."""
DATA = noise(3_000_000)


@pytest.fixture(autouse=True)
def _large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreknown, "LARGE", 1_000_000)
    monkeypatch.setattr(stage, "LARGE", 1_000_000)
    monkeypatch.setattr(foreknown, "racy", lambda *_: False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "folder/file"
    path.parent.mkdir()
    path.write_bytes(DATA)
    return path


@pytest.fixture
def staging(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(
        Session(tmp_path / "staging", FixedClock()),
        "blake3",
        pack_size=1 << 20,
        min_members=2,
        lends=True,
    )
    yield made
    made.close()


@pytest.mark.parametrize("by", ["name", "folder"])
def test_a_large_file_is_known(file: Path, by: str) -> None:
    with Foreknown([str(file if by == "name" else file.parent)]) as ahead:
        known = ahead.take(file.stat(), "blake3")
        assert known is not None
        assert (known.digest, known.size) == (blake3(DATA), len(DATA))
        assert known.pieces.same(0, DATA)
        assert ahead.take(file.stat(), "blake3") is None, "it is told once"


def test_what_is_small_or_deep_or_not_there_is_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / "deep/down").mkdir(parents=True)
    (tmp_path / "deep/down/file").write_bytes(DATA)
    (tmp_path / "small").write_bytes(DATA[:999_999])
    os.mkfifo(tmp_path / "pipe")
    with Foreknown([str(tmp_path), str(tmp_path / "gone")]) as ahead:
        assert ahead._known == {}


@pytest.mark.parametrize(("age", "count"), [(0.5, 0), (3, 1)])
def test_what_changed_just_now_is_hashed_by_who_sends_it(
    file: Path, age: float, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreknown, "racy", racy)
    with Foreknown([str(file)], FixedClock(file.stat().st_ctime + age)) as ahead:
        assert len(ahead._known) == count


def test_a_store_with_other_digests_is_not_told(file: Path) -> None:
    with Foreknown([str(file)]) as ahead:
        assert ahead.take(file.stat(), "sha256") is None


def rewritten(path: Path) -> None:
    path.write_bytes(DATA[::-1])


def replaced(path: Path) -> None:
    (path.parent / "other").write_bytes(DATA[::-1])
    (path.parent / "other").replace(path)


@pytest.mark.parametrize("change", [rewritten, replaced])
def test_a_file_that_changed_since_is_not_known(file: Path, staging: Stage, change: object) -> None:
    assert callable(change)
    with Foreknown([str(file)]) as staging.foreknown, staging.lent():
        [future] = staging.foreknown._known.values()
        until(future.done)
        change(file)
        assert staging.large(str(file))[0] == blake3(DATA[::-1])


def test_a_file_that_changes_meanwhile_is_not_known(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, digest = file.stat(), Pump.digest

    def grown(pump: Pump, fd: int, also: object) -> tuple[bytes, int]:
        with file.open("ab") as more:
            more.write(b"more")
        return digest(pump, fd, also)  # type: ignore[arg-type]

    monkeypatch.setattr(Pump, "digest", grown)
    with Foreknown([str(file)]) as ahead:
        assert ahead.take(before, "blake3") is None


def test_a_file_that_cannot_be_read_is_left_to_who_takes_it_in(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> tuple[bytes, int]:
        raise OSError("it cannot be read")

    monkeypatch.setattr(Pump, "digest", refuse)
    with Foreknown([str(file)]) as ahead:
        assert ahead.take(file.stat(), "blake3") is None


def test_nobody_waits_for_a_file_that_is_a_pipe_by_now(file: Path, staging: Stage) -> None:
    before, later = file.stat(), file.with_name("later")
    later.write_bytes(DATA)
    turn, hash_of = Event(), Foreknown._hash

    def late(ahead: Foreknown, path: str, mark: bytes) -> Known:
        if path == str(later):
            later.unlink()
            os.mkfifo(later)
            turn.set()
        return hash_of(ahead, path, mark)

    status = later.stat()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Foreknown, "_hash", late)
        with Foreknown([str(file), str(later)]) as ahead:
            assert turn.wait(60)
            assert ahead.take(status, "blake3") is None
            assert ahead.take(before, "blake3") is not None
    with pytest.raises(SourceChanged, match="not a regular file"):
        staging.large(str(later))


def test_a_lent_file_is_not_hashed_again(
    file: Path, staging: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Foreknown([str(file)]) as staging.foreknown:
        monkeypatch.setattr(Stage, "_hash", lambda *_: pytest.fail("hashed again"))
        with staging.lent():
            digest, status = staging.large(str(file))
    assert digest == blake3(DATA)
    assert status == file.stat()


def test_nobody_waits_for_a_file_whose_turn_has_not_come(file: Path) -> None:
    endless = file.parent / "endless"
    with endless.open("wb") as made:
        made.truncate(ENDLESS)
    with Foreknown([str(endless), str(file)]) as ahead:
        assert ahead.take(file.stat(), "blake3") is None


def test_it_stops_in_the_midst_of_a_file(tmp_path: Path) -> None:
    with (tmp_path / "endless").open("wb") as made:
        made.truncate(ENDLESS)
    with Foreknown([str(tmp_path)]) as ahead:
        [future] = ahead._known.values()
        until(future.running)
    assert isinstance(future.exception(60), CancelledError)


def test_put_to_a_bucket_hashes_ahead(
    file: Path,
    tmp_path: Path,
    serving: Callable[[str], Server],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = serving("ministack")
    url = f"{server.bucket()}/place"
    create_store(url, storage_options=server.options)
    monkeypatch.setenv("WBART_STORE", url)
    monkeypatch.setenv("WBART_STORAGE_OPTIONS", json.dumps(dict(server.options)))
    monkeypatch.setenv("WBART_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("WBART_DATA_DIR", str(tmp_path / "data"))
    with monkeypatch.context() as patch:
        patch.setattr(Stage, "_hash", lambda *_: pytest.fail("hashed again"))
        assert main(["put", str(file.parent), "-n", "work", "-q"]) == 0
    assert main(["get", "work:v0", str(tmp_path / "out"), "-q"]) == 0
    assert (tmp_path / "out/file").read_bytes() == DATA


@pytest.mark.parametrize(
    ("store", "policy", "expected"),
    [
        ("s3://bucket/place", "immutable", ("path",)),
        ("s3://bucket/place", "mutable", ()),
        ("/a/folder", "immutable", ()),
    ],
)
def test_only_what_is_lent_is_hashed_ahead(
    store: str, policy: str, expected: tuple[str, ...], tmp_path: Path
) -> None:
    settings = Settings.load({"store": store}, {}, tmp_path)
    assert Sources(("path",), ("s3://other/uri",), policy).lent(settings) == expected
