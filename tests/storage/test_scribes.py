"""Scribes: they write what they are told, and whatever happens to them, no file is lost."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.descriptors import opened
from tests.patience import until
from tests.storage.blobstore import blake3, noise

from wbart_storage.files import scribes as scribes_module
from wbart_storage.files.channel import Channel
from wbart_storage.files.scribe import Order
from wbart_storage.files.scribes import ROOM, Scribes
from wbart_storage.files.stamp import changed, stamp

FILES = {f"d{n % 3}/f{n:02}": noise(50 + 100 * n, n) for n in range(40)}
DATA = b"".join(FILES.values())
ENGLISH = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
CHILDREN = Path(f"/proc/{os.getpid()}/task")


def orders() -> list[Order]:
    made, begin = [], 0
    for path, data in FILES.items():
        made.append((os.fsencode(path), begin, begin + len(data), blake3(data)))
        begin += len(data)
    return made


def children() -> set[int]:
    """The processes that this one has started, zombies included."""
    lists = [(task / "children").read_text().split() for task in CHILDREN.iterdir()]
    return {int(pid) for pids in lists for pid in pids}


def begun(root: Path, count: int = 1) -> Scribes:
    """Scribes who are ready to write."""
    made = Scribes(str(root), "blake3", count)
    made.start()
    assert len(made._starting) == count
    until(lambda: all(each.is_ready() for each in made._starting))
    return made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


@pytest.fixture
def scribes(root: Path) -> Iterator[Scribes]:
    made = begun(root)
    yield made
    made.close()


@pytest.fixture
def pid(scribes: Scribes) -> int:
    [each] = scribes._starting
    return each._process.pid


def read(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_files_are_written_and_told_of(scribes: Scribes, root: Path) -> None:
    written = scribes.write(DATA, orders())

    assert read(root) == FILES
    status = [(root / path).stat() for path in FILES]
    assert written == [(stamp(each), changed(each)) for each in status]


def test_what_is_there_is_replaced(scribes: Scribes, root: Path) -> None:
    scribes.write(DATA, orders())
    (root / "d0/f00").write_bytes(b"other")
    (root / "d0/f00").chmod(0o444)

    assert None not in scribes.write(DATA, orders())
    assert read(root) == FILES


def test_wrong_bytes_are_left_to_the_caller(scribes: Scribes, root: Path) -> None:
    path, (_, begin, *_) = list(FILES)[7], orders()[7]
    spoilt = bytearray(DATA)
    spoilt[begin] ^= 1
    written = scribes.write(bytes(spoilt), orders())

    assert [each is None for each in written] == [other == path for other in FILES]
    assert read(root) == {other: data for other, data in FILES.items() if other != path}


def test_bytes_that_are_missing_are_wrong_bytes(scribes: Scribes) -> None:
    scribes.write(b"\0" * len(DATA), [])
    assert scribes.write(DATA[:-1], orders()[-1:]) == [None]


def test_what_the_folder_refuses_is_left_to_the_caller(
    scribes: Scribes, root: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    root.mkdir(exist_ok=True)
    (root / "d0").symlink_to(tmp_path / "outside")
    (root / "d1/f01").mkdir(parents=True)
    written = scribes.write(DATA, orders())

    refused = [path for path, each in zip(FILES, written, strict=True) if each is None]
    assert refused == [path for path in FILES if path.startswith("d0/") or path == "d1/f01"]
    assert not any((tmp_path / "outside").iterdir())


def test_a_disk_that_is_full_is_left_to_the_caller(small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(b"x" * 96_000)
    scribes = begun(small_disk / "root")
    written = scribes.write(DATA, orders())
    scribes.close()

    assert 0 < written.count(None) < len(written)
    found = read(small_disk / "root")
    assert found.items() <= FILES.items()
    assert len(found) == len(written) - written.count(None)


def test_more_than_fits_is_left_to_the_caller(scribes: Scribes) -> None:
    large = b"x" * (ROOM + 1)
    assert scribes.write(large, [(b"large", 0, len(large), blake3(large))]) == [None]


def test_a_scribe_that_was_killed_is_no_loss(scribes: Scribes, pid: int, root: Path) -> None:
    assert None not in scribes.write(DATA, orders()[:5])
    os.kill(pid, signal.SIGKILL)

    assert scribes.write(DATA, orders()) == [None] * len(FILES)
    assert scribes.write(DATA, orders()) == [None] * len(FILES)


def test_nobody_waits_for_a_scribe_that_was_killed(
    scribes: Scribes, pid: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.kill(pid, signal.SIGSTOP)
    with ThreadPoolExecutor(4) as executor:
        asked = [executor.submit(scribes.write, DATA, orders()) for _ in range(4)]
        until(lambda: len(scribes._changed._waiters) == 3)  # type: ignore[attr-defined]
        os.kill(pid, signal.SIGKILL)
        assert [each.result(60) for each in asked] == [[None] * len(FILES)] * 4


def test_nothing_stays_behind(root: Path) -> None:
    before, running = opened(), children()
    scribes = begun(root, 2)
    assert len(children() - running) == 2
    scribes.write(DATA, orders())
    scribes.close()

    assert children() <= running
    assert opened() <= before


def test_scribes_that_nobody_needed_do_not_stay_behind(root: Path) -> None:
    before, running = opened(), children()
    scribes = Scribes(str(root), "blake3", 2)
    scribes.start()
    scribes.close()

    assert children() <= running
    assert opened() <= before


def test_the_end_does_not_hang_on_a_child_of_the_caller(scribes: Scribes, pid: int) -> None:
    fork = os.fork()  # it holds the scribe's standard input open
    if not fork:
        signal.pause()
        os._exit(0)
    try:
        scribes.close()
        assert pid not in children()
    finally:
        os.kill(fork, signal.SIGKILL)
        os.waitpid(fork, 0)


def test_ctrl_c_is_not_for_scribes(pid: int) -> None:
    assert os.getpgid(pid) != os.getpgid(0)


STARTER = """
import sys, time
from wbart_manifest.digest import digest_function
from wbart_storage.files.scribes import Scribes
scribes = Scribes(sys.argv[1], "blake3", 1)
scribes.start()
print(scribes._starting[0]._process.pid, flush=True)
x = digest_function("blake3")(b"x")
orders = [(b"d/%d" % n, 0, 1, x) for n in range(int(sys.argv[2]))]
while orders:
    scribes.write(b"x", orders)
time.sleep(600)
"""


UNHEEDING = """
import os, signal, sys
from tests.patience import until
from wbart_storage.files.scribes import Scribes
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
scribes = Scribes(sys.argv[1], "blake3", 1)
scribes.start()
[one] = scribes._starting
until(one.is_ready)
one._channel.hear()
one._greeted = True
os.kill(one._process.pid, signal.SIGKILL)
until(one.is_ready)
print(scribes.write(b"x", [(b"x", 0, 1, b"")]))
scribes.close()
"""
FORKING = """
import os, signal, sys
from tests.patience import until
from wbart_storage.files.scribes import Scribes
scribes = Scribes(sys.argv[1], "blake3", 1)
scribes.start()
until(scribes._starting[0].is_ready)
fork = os.fork()
if not fork:
    os.close(1)
    signal.pause()
print(fork, scribes._starting[0]._process.pid, flush=True)
signal.pause()
"""


def test_a_scribe_ends_with_whom_it_serves_though_a_fork_of_that_lives(root: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", FORKING, str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as starter:
        assert starter.stdout is not None
        fork, pid = map(int, starter.stdout.readline().split())
        starter.kill()
    try:
        until(lambda: not Path(f"/proc/{pid}").exists())
    finally:
        os.kill(fork, signal.SIGKILL)


@pytest.mark.parametrize("files", [0, 30_000])
def test_a_scribe_ends_with_whom_it_serves(root: Path, files: int) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", STARTER, str(root), str(files)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        until((root / "d/9" if files else root).exists)
        starter.kill()
    until(lambda: not Path(f"/proc/{pid}").exists())
    assert not files or len(list(root.rglob("*"))) < files  # it did not even finish


@pytest.mark.parametrize("program", ["", "/bin/false", "/nowhere/python3", "/opt/app/server"])
def test_where_there_is_no_python_nobody_is_called(
    root: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setattr(sys, "executable", program)
    scribes = Scribes(str(root), "blake3", 2)
    scribes.start()

    assert scribes.write(DATA, orders()) == [None] * len(FILES)
    scribes.close()


def test_a_python_that_ends_at_once_is_no_loss(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "python").symlink_to("/bin/false")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    before = opened()
    scribes = Scribes(str(root), "blake3", 2)
    scribes.start()
    for _ in range(3):
        assert scribes.write(DATA, orders()) == [None] * len(FILES)
    scribes.close()
    assert opened() <= before


@pytest.mark.parametrize("lacking", ["memfd", "descriptors"])
def test_where_they_would_take_what_is_scarce_nobody_is_called(
    root: Path, monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    if lacking == "memfd":
        monkeypatch.delattr(os, "memfd_create")
    else:
        monkeypatch.setattr(scribes_module, "_DESCRIPTORS", 1 << 40)
        monkeypatch.setattr(scribes_module, "getrlimit", lambda _: (1 << 20, 1 << 20))
    before = children()
    scribes = Scribes(str(root), "blake3", 2)
    scribes.start()

    assert children() == before
    assert scribes.write(DATA, orders()) == [None] * len(FILES)
    scribes.close()


@pytest.mark.parametrize("nth", [1, 2])
def test_one_that_cannot_be_started_ends_those_before_it(
    root: Path, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    calls, create = iter(range(1, 9)), os.memfd_create

    def scarce(name: str) -> int:
        if next(calls) == nth:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return create(name)

    before, running = opened(), children()
    monkeypatch.setattr(os, "memfd_create", scarce)
    scribes = Scribes(str(root), "blake3", 2)
    scribes.start()

    assert children() <= running
    assert opened() <= before
    assert scribes.write(DATA, orders()) == [None] * len(FILES)


def test_names_are_bytes_whatever_the_encoding(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scribe's own is ASCII here."""
    for name, value in ENGLISH.items():
        monkeypatch.setenv(name, value)
    scribes = begun(root / "gr\xfcn")
    names = [os.fsencode(name) for name in ("gr\xfcn", "\udcfc", "\u732b", "a\nb")]
    x = blake3(b"x")

    assert None not in scribes.write(b"x", [(name, 0, 1, x) for name in names])
    assert sorted(os.listdir(os.fsencode(root / "gr\xfcn"))) == sorted(names)
    scribes.close()


def test_an_answer_is_whole_though_its_scribe_was_stopped_in_it(
    scribes: Scribes, pid: int, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is more than a socket takes at once."""
    x, hear = blake3(b"x"), Channel.hear

    def late(channel: Channel) -> Any:
        until((root / "9999").exists)
        until(lambda: state(pid) == "S")
        os.kill(pid, signal.SIGSTOP)
        until(lambda: state(pid) == "T")
        os.kill(pid, signal.SIGCONT)
        return hear(channel)

    scribes.write(b"x", [])
    monkeypatch.setattr(Channel, "hear", late)
    assert None not in scribes.write(b"x", [(b"%d" % n, 0, 1, x) for n in range(10_000)])


def state(pid: int) -> str:
    """What a process does, as the kernel has it: S for sleeping, T for stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_an_error_of_another_kind_leaves_nobody_waiting(
    scribes: Scribes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scarce(channel: Channel) -> None:
        raise MemoryError

    monkeypatch.setattr(Channel, "hear", scarce)
    with pytest.raises(MemoryError):
        scribes.write(DATA, orders())
    assert scribes.write(DATA, orders()) == [None] * len(FILES)


def test_a_scribe_that_is_gone_sends_no_signal(root: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", UNHEEDING, str(root)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ran.returncode, ran.stdout) == (0, "[None]\n"), ran.stderr


def test_one_that_does_not_end_is_killed(
    scribes: Scribes, pid: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scribes_module, "_PATIENCE", 0.1)
    os.kill(pid, signal.SIGSTOP)
    scribes.close()
    assert pid not in children()
