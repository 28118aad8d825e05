"""Progress: late, rare, on stderr, with throughput and the time that is left."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest
from tests.cli.conftest import Shell

from wbart.cli.call import Call
from wbart.cli.progress import SLOW, SOON, JsonLines, Lines, Meter, meter, told
from wbart_storage.clock import FixedClock
from wbart_storage.progress import Event


def _event(files: int, size: int = 0, *, total: int | None = None) -> Event:
    return Event("upload", files, size, None, total)


def test_nothing_is_shown_of_what_is_over_in_a_moment() -> None:
    clock, stream = FixedClock(), io.StringIO()
    with Meter(Lines(stream), clock, SOON, 1.0) as progress:
        for number in range(1000):
            progress(_event(number))
            clock.advance(SOON / 1001)

    assert stream.getvalue() == ""


def test_lines_come_after_a_while_and_then_now_and_then() -> None:
    clock, stream = FixedClock(), io.StringIO()
    with Meter(Lines(stream), clock, SOON, 1.0) as progress:
        for number in range(100):
            clock.advance(0.1)
            progress(_event(number))

    assert len(stream.getvalue().splitlines()) == 10


def test_a_line_tells_amount_throughput_and_time_left() -> None:
    event = Event("upload", 12, 4_000_000, 602, 10_000_000)

    assert told(event, 2.0) == ("storing 12 of 602 files, 4.0MB of 10.0MB, 2.0MB/s, 3.0 s left")
    assert told(Event("scan", 7, 0), 0.0) == "looking 7 files, 0.0B"
    assert told(Event("hash", 1, 0, 1), 0.0) == "hashing 1 of 1 file, 0.0B"


def test_the_time_left_goes_by_files_where_bytes_are_not_known() -> None:
    assert told(Event("verify", 25, 0, 100, None), 5.0).endswith("15 s left")


def test_json_lines_hold_everything() -> None:
    clock, stream = FixedClock(), io.StringIO()
    progress = Meter(JsonLines(stream), clock, 0.0, 0.0)
    progress(_event(0, 0, total=1000))
    clock.advance(2.0)
    progress(_event(1, 400, total=1000))

    last = json.loads(stream.getvalue().splitlines()[-1])
    assert last == {
        "kind": "upload",
        "files": 1,
        "size": 400,
        "total_files": None,
        "total_size": 1000,
        "seconds": 2.0,
        "rate": 200,
        "left": 3.0,
    }


def test_each_kind_of_work_is_timed_by_itself() -> None:
    clock, stream = FixedClock(), io.StringIO()
    progress = Meter(JsonLines(stream), clock, 0.0, 0.0)
    clock.advance(10.0)
    progress(Event("hash", 1, 1))
    clock.advance(1.0)
    progress(Event("upload", 1, 1))

    assert [json.loads(line)["seconds"] for line in stream.getvalue().splitlines()] == [10.0, 1.0]


def test_nothing_is_shown_once_the_work_is_over() -> None:
    clock, stream = FixedClock(), io.StringIO()
    with Meter(Lines(stream), clock, 0.0, 0.0) as progress:
        progress(_event(1))
    progress(_event(2))

    assert len(stream.getvalue().splitlines()) == 1


@pytest.mark.parametrize(
    ("call", "after", "lines"),
    [
        (Call(progress="plain"), SOON, 1),
        (Call(progress="json"), SOON, 1),
        (Call(progress="none"), 100.0, 0),
        (Call(), SOON, 0),
        (Call(), SLOW, 1),
        (Call(format="quiet"), 100.0, 0),
    ],
)
def test_without_a_terminal_only_slow_work_is_told_unasked(
    call: Call, after: float, lines: int, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = FixedClock()
    with meter(call, clock) as progress:
        clock.advance(after)
        progress(_event(1))

    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == lines


def test_the_bar_is_drawn_on_a_terminal_and_taken_away() -> None:
    script = (
        "import sys\n"
        "from wbart.cli.progress import Bar, Meter\n"
        "from wbart_storage.clock import FixedClock\n"
        "from wbart_storage.progress import Event\n"
        "clock = FixedClock()\n"
        "with Meter(Bar(), clock, 0.3, 0.1) as progress:\n"
        "    progress(Event('upload', 0, 0, 9, 900))\n"
        "    assert 'rich' not in sys.modules\n"
        "    clock.advance(0.5)\n"
        "    progress(Event('upload', 4, 400, 9, 900))\n"
        "    assert 'rich' in sys.modules\n"
    )
    code, screen = _on_terminal([sys.executable, "-c", script])

    assert code == 0, screen
    assert "storing 4 of 9 files" in screen


def _on_terminal(command: list[str]) -> tuple[int, str]:
    """Run a command whose streams are a terminal."""
    import os
    import pty

    from tests.cli.conftest import ROOT

    paths = os.pathsep.join(str(ROOT / wing) for wing in ("artifacts", "storage", "manifest"))
    main, side = pty.openpty()
    env = {**os.environ, "PYTHONPATH": paths, "TERM": "xterm", "COLUMNS": "100"}
    process = subprocess.Popen(command, stdin=side, stdout=side, stderr=side, env=env)
    os.close(side)
    screen = b""
    while True:
        try:
            data = os.read(main, 65536)
        except OSError:
            break
        if not data:
            break
        screen += data
    os.close(main)
    return process.wait(timeout=60), screen.decode()


def test_a_whole_put_can_tell_its_progress_as_json(wbart: Shell) -> None:
    wbart.write("folder/a.txt", "a")
    ran = wbart("put", "folder", "-n", "x", "--progress", "json", "--json")

    assert ran.json["file_count"] == 1
    for line in ran.err.splitlines():
        assert json.loads(line)["kind"]
