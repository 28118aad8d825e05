"""Sessions: what is finished waits, what is unfinished goes with its process."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import filelock
import pytest

from wbart_storage.clock import FixedClock, SystemClock
from wbart_storage.errors import AccessDenied, StorageError
from wbart_storage.staging.session import READY_SECONDS, Session

NOW = 1_700_000_000.0


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def session(tmp_path: Path, clock: FixedClock) -> Iterator[Session]:
    with Session(tmp_path, clock) as made:
        yield made


def stage(session: Session, name: str, data: str = "data") -> Path:
    part = session.new_path()
    part.write_text(data)
    return session.keep(part, name)


def below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_paths_are_fresh_and_private(session: Session) -> None:
    first, second = session.new_path(), session.new_path()

    assert first != second
    assert first.parent == second.parent == session.folder
    assert session.folder.stat().st_mode & 0o777 == 0o700


def test_what_is_finished_outlives_the_session(tmp_path: Path, clock: FixedClock) -> None:
    with Session(tmp_path, clock) as session:
        kept = stage(session, "abc")
        session.new_path().write_text("half")
    assert below(tmp_path) == ["ready", "ready/abc"]
    with Session(tmp_path, clock) as later:
        assert later.find("abc") == kept
        assert later.kept() == []


def test_only_what_waits_still_is_kept(session: Session) -> None:
    paths = [stage(session, name) for name in ("b", "a", "c")]
    paths[0].unlink()

    assert session.kept() == [paths[1], paths[2]]
    assert session.find("b") is None


def test_what_nobody_asks_for_goes_after_a_day(tmp_path: Path, clock: FixedClock) -> None:
    with Session(tmp_path, clock) as session:
        old, new = stage(session, "old"), stage(session, "new")
    os.utime(old, (NOW, NOW - READY_SECONDS - 1))
    os.utime(new, (NOW, NOW - READY_SECONDS + 1))
    Session(tmp_path, clock).close()

    assert below(tmp_path) == ["ready", "ready/new"]


def test_asking_for_it_renews_its_time(session: Session) -> None:
    kept = stage(session, "abc")
    os.utime(kept, (1, 1))
    session.find("abc")

    assert kept.stat().st_mtime > NOW


def test_a_live_session_is_left_alone(session: Session, tmp_path: Path, clock: FixedClock) -> None:
    part = session.new_path()
    part.write_text("half")
    with Session(tmp_path, clock) as other:
        assert other.folder != session.folder
    assert part.read_text() == "half"


ORPHAN = """
import os, signal, sys
from pathlib import Path
from wbart_storage.clock import SystemClock
from wbart_storage.staging.session import Session
session = Session(Path(sys.argv[1]), SystemClock())
session.new_path().write_text("half")
part = session.new_path()
part.write_text("whole")
session.keep(part, "done")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    killed = subprocess.run([sys.executable, "-c", ORPHAN, str(tmp_path)], env=environment)
    assert killed.returncode == -signal.SIGKILL
    assert len(below(tmp_path)) == 5
    Session(tmp_path, SystemClock()).close()

    assert below(tmp_path) == ["ready", "ready/done"]


def begin_and_end(staging: Path) -> bool:
    with Session(staging, SystemClock()) as session:
        session.new_path().write_text("x")
        return session.folder.is_dir()


def test_sessions_that_begin_at_once_do_not_sweep_each_other(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4, get_context("spawn")) as executor:
        assert all(executor.map(begin_and_end, [tmp_path] * 200))
    assert below(tmp_path) == ["ready"]


def test_a_sweep_between_making_and_locking_is_survived(
    tmp_path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    acquire = filelock.FileLock.acquire
    left = 2

    def swept(lock: filelock.FileLock) -> object:
        nonlocal left
        left -= 1
        if left == 1:
            raise filelock.Timeout(lock.lock_file)
        held = acquire(lock)
        if left == 0:
            Path(lock.lock_file).unlink()
        return held

    monkeypatch.setattr(filelock.FileLock, "acquire", swept)
    with Session(tmp_path, clock) as session:
        locks = {path.stem for path in tmp_path.glob("*.lock")}
        assert locks == {session.folder.name}


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, clock: FixedClock) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="file"):
        Session(tmp_path / "file" / "staging", clock)


def test_a_folder_that_refuses_is_named(
    tmp_path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(AccessDenied, match=str(tmp_path)):
        Session(tmp_path / "staging", clock)


def test_a_file_whose_time_cannot_be_renewed_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with Session(tmp_path, FixedClock()) as session:
        part = session.new_path()
        part.write_bytes(b"x")
        kept = session.keep(part, "name")
        monkeypatch.setattr(os, "utime", refuse)

        assert session.find("name") == kept
        assert session.find("other") is None


def test_a_lock_that_cannot_be_removed_is_let_go_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    session = Session(tmp_path, FixedClock())
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        session.close()

    [lock] = tmp_path.glob("*.lock")
    Session(tmp_path, FixedClock()).close()
    assert not lock.exists()
