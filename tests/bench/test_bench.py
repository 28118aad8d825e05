"""The harness itself: the same data everywhere, honest costs, a table that tells the truth."""

import hashlib
import json
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.bench import __main__ as program
from tests.bench import data, disk, hashing, memory, runs
from tests.bench.data import KIB, MIB, W1, W2, WORKS, Work
from tests.bench.measure import CommandFailed, Cost, measure
from tests.bench.rounds import Plan, Sample, room, run
from tests.bench.steps import STEPS
from tests.bench.table import render, rows

from wbart.runindex.segments import Home

needs_rsync = pytest.mark.skipif(shutil.which("rsync") is None, reason="rsync is a rival")

TINY = Work("W2", 200, 4, KIB, 8 * KIB, 2)

FAKE = """
import shutil, subprocess, sys
def option(name):
    return sys.argv[sys.argv.index(name) + 1]
if sys.argv[1] == "--help":
    sys.exit()
verb, first, store = sys.argv[1], sys.argv[2], option("-s")
if verb == "put":
    subprocess.run(["rsync", "-a", first + "/", store], check=True)
elif verb in ("get", "checkout"):
    subprocess.run(["rsync", "-a", "--delete", store + "/", sys.argv[3] + "/"], check=True)
else:
    assert verb == "verify", verb
"""


def digests(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def cost(wall: float, peak: int = MIB) -> Cost:
    return Cost(wall, wall / 2, peak)


def sample(ours: float, theirs: float, target: float | None = 1.0, peak: int = MIB) -> Sample:
    return Sample("W2", "add + save", "cp -r", target, cost(ours, peak), cost(theirs))


def test_data_is_the_same_on_every_machine(tmp_path: Path) -> None:
    data.make(TINY, tmp_path / "a")

    found = digests(tmp_path / "a")

    assert len(found) == 200
    whole = hashlib.sha256(repr(sorted(found.items())).encode()).hexdigest()
    assert whole == "0e63893122005fa2cf22c751f799c46955ab3d35476fd816b06d1ff0dcb078b5"


def test_a_file_bigger_than_a_block_has_its_size(tmp_path: Path) -> None:
    data.make(Work("W1", 1, 1, 2 * MIB + 3, 2 * MIB + 3, 1), tmp_path / "a")

    assert [path.stat().st_size for path in (tmp_path / "a").rglob("*.bin")] == [2 * MIB + 3]


def test_change_touches_the_files_it_names_and_no_others(tmp_path: Path) -> None:
    data.make(TINY, tmp_path / "a")
    before = digests(tmp_path / "a")

    data.change(TINY, tmp_path / "a")

    after = digests(tmp_path / "a")
    changed = {path for path in before if before[path] != after[path]}
    assert changed == {data.path_of(TINY, index) for index in data.changes(TINY)}
    assert len(changed) == TINY.changed


def test_a_change_shows_in_the_time_of_the_file(tmp_path: Path) -> None:
    data.make(TINY, tmp_path / "a")
    path = tmp_path / "a" / data.path_of(TINY, data.changes(TINY)[0])
    before = path.stat().st_mtime_ns

    data.change(TINY, tmp_path / "a")

    assert path.stat().st_mtime_ns != before


def test_scaling_keeps_the_shape() -> None:
    assert W2.scaled(0.1) == Work("W2", 10_000, 100, KIB, 8 * KIB, 100)
    assert W1.scaled(0.5).largest == 1024 * MIB


def test_the_cost_of_a_child_is_its_own(tmp_path: Path) -> None:
    work = "import time\nmemory = bytearray(96 << 20)\nwhile time.process_time() < 0.3: pass\n"

    spent = measure([sys.executable, "-c", work], tmp_path / "log")

    assert spent.cpu >= 0.3
    assert spent.wall >= 0.25
    assert spent.peak >= 96 * MIB


def test_the_cost_holds_the_children_of_the_child(tmp_path: Path) -> None:
    script = "import time\nwhile time.process_time() < 0.3: pass\n"

    spent = measure(["sh", "-c", f"'{sys.executable}' -c '{script}'; true"], tmp_path / "log")

    assert spent.cpu >= 0.3


def test_a_failed_command_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="exit code 3: no room") as caught:
        measure(["sh", "-c", "echo no room; exit 3"], tmp_path / "log")

    assert caught.value.code == 3


def test_the_reference_hashes_small_and_big_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    sizes = {"a": 0, "deep/b": 1, "deep/c": hashing.SMALL, "deep/er/d": hashing.SMALL + 1}
    sizes["deep/er/e"] = hashing.BUFFER + 5
    for name, size in sizes.items():
        (tmp_path / name).write_bytes(bytes(size))

    assert hashing.main(str(tmp_path)) == 0

    assert capsys.readouterr().out == f"5 files, {sum(sizes.values())} bytes\n"


def test_a_row_is_the_median_of_the_ratios_of_its_rounds() -> None:
    (row,) = rows([sample(1.0, 1.0), sample(9.0, 3.0), sample(4.0, 2.0)])

    assert row.ratio == 2.0
    assert row.ours == (4.0, 2.0)
    assert row.theirs == (2.0, 1.0)


@pytest.mark.parametrize(
    ("ours", "target", "met"), [(1.0, 1.0, True), (1.1, 1.0, False), (1.0, None, None)]
)
def test_a_target_is_met_or_not(ours: float, target: float | None, met: bool | None) -> None:
    (row,) = rows([sample(ours, 1.0, target)])

    assert row.met is met


def test_the_table_shows_what_was_missed() -> None:
    table = render([sample(2.0, 1.0, 0.9, peak=300 * MIB)]).splitlines()

    assert " ".join(table[2].split()) == (
        "W2 add + save 2.00 (1.00) cp -r 1.00 (0.50) 2.00 0.9 NOT MET 300"
    )
    assert table[-1] == "peak memory, any of them: 300 MiB, at most 200: NOT MET"


def test_a_small_run_is_not_judged() -> None:
    assert "MET" not in render([sample(9.0, 1.0, 0.9, peak=300 * MIB)], judged=False)


@needs_rsync
def test_every_step_runs_with_a_program_that_keeps_its_word(tmp_path: Path) -> None:
    fake = tmp_path / "fake.py"
    fake.write_text(FAKE)
    plan = Plan(2, tmp_path, plain=True, cold=True, program=(sys.executable, str(fake)))

    samples = run([TINY], STEPS, plan)

    assert [row.name for row in rows(samples)] == [
        "W2 add + save",
        "W2 add + save",
        "W2 save, unchanged",
        "W2 download",
        "W2 verify",
        "W2 save, 1 % changed",
        "W2 checkout v0 to v1",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["fake.py"]


@needs_rsync
def test_a_wrong_download_stops_the_benchmark(tmp_path: Path) -> None:
    fake = tmp_path / "fake.py"
    fake.write_text(FAKE + "if verb == 'get': shutil.rmtree(sys.argv[3] + '/folder-0000')\n")
    plan = Plan(1, tmp_path, plain=True, cold=True, program=(sys.executable, str(fake)))

    with pytest.raises(subprocess.CalledProcessError, match="diff"):
        run([TINY], STEPS, plan)


def test_the_disk_has_room_for_every_inode() -> None:
    assert room(W2) // (16 * KIB) > 8 * W2.files
    assert room(W1) > 8 * W1.largest


def test_without_root_the_disk_is_a_folder_that_goes_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)

    with disk.fresh(MIB, tmp_path) as fresh:
        (fresh.root / "file").write_text("x")
        assert "plain folder" in fresh.kind

    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_cannot_be_mounted_gives_its_device_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, ...]] = []

    def call(*argv: str) -> str:
        calls.append(argv)
        if argv[0] == "mount":
            raise subprocess.CalledProcessError(32, argv, stderr="not permitted\n")
        return "/dev/loop99" if argv[0] == "losetup" else ""

    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda name: name)
    monkeypatch.setattr(disk, "_call", call)

    with ExitStack() as stack:
        fresh = stack.enter_context(disk.fresh(MIB, tmp_path))
        assert "plain folder" in fresh.kind

    assert calls[-1] == ("losetup", "--detach", "/dev/loop99")
    assert list(tmp_path.iterdir()) == []


def test_the_command_line_says_which_work_and_size() -> None:
    options = program.parser().parse_args(["local", "--work", "W1,W2", "--scale", "0.5", "--keep"])

    assert (options.work, options.scale, options.keep, options.rounds) == ("W1,W2", 0.5, True, None)
    assert set(WORKS) == set(STEPS)


def test_warming_memory_leaves_nothing_behind(tmp_path: Path) -> None:
    used = memory.warm(tmp_path, 3 * MIB)

    assert used <= 3 * MIB
    assert list(tmp_path.iterdir()) == []


def test_queries_are_measured_and_small_runs_are_not_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["queries", "--runs", "300", "--live", "3", "--at", str(tmp_path)]
    assert program.main(argv) == 0

    said = capsys.readouterr().out
    assert "first sync" in said
    assert "a fresh run, sync and query" in said
    assert "MET" not in said.upper()
    assert list(tmp_path.iterdir()) == []


def test_made_up_runs_are_the_same_on_every_machine() -> None:
    record = runs.record(Home("e", "p"), 7)

    assert len(record.fields["config"]) + len(record.fields["summary"]) >= 40
    whole = hashlib.sha256(json.dumps(record.fields, sort_keys=True).encode()).hexdigest()
    assert whole == "3621365714a74daf668c229ebc483573f558109c3396bb19c2603e70c62d642f"
