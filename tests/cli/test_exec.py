"""`exec`: inputs, outputs, exit codes, and what is recorded of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.cli.conftest import Shell

READY = "ready"


def runs(wbart: Shell) -> list[dict[str, object]]:
    found: list[dict[str, object]] = wbart("runs", "ls", "--json").json
    return found


def test_a_command_reads_its_inputs_and_what_it_writes_is_logged(wbart: Shell) -> None:
    wbart.put("my-data", {"a.txt": "one"})
    script = 'test "$WBART_INPUTS/my-data" -ef "$WBART_INPUT_MY_DATA" && cp "$WBART_INPUTS"/*/* .'

    told = wbart(
        "exec", "my-data:v0", "--out", "a.txt:copy:text", "--json", "--", "sh", "-c", script
    ).json

    assert (told["state"], told["exit_code"]) == ("finished", 0)
    assert told["used"] == ["default/uncategorized/my-data:v0"]
    assert told["logged"] == ["default/uncategorized/copy:v0"]
    assert wbart("cat", "copy#a.txt").out == "one"
    shown = wbart("runs", "show", told["run"], "--json").json
    assert (shown["job_type"], shown["config"]["command"][0]) == ("exec", "sh")
    assert (shown["used"], shown["logged"]) == (told["used"], told["logged"])


def test_two_versions_of_one_name_lie_side_by_side(wbart: Shell) -> None:
    wbart.put("data", {"a": "1"})
    wbart.put("data", {"a": "2"})
    script = 'cat "$WBART_INPUT_DATA/a" "$WBART_INPUT_DATA_V1/a"'

    assert wbart("exec", "data:v0", "data:v1", "--", "sh", "-c", script).out == "12"


def test_the_exit_code_is_the_commands_and_a_failure_logs_nothing(wbart: Shell) -> None:
    wbart.put("data", {"a": "1"})

    wbart("exec", "data", "--out", "a:b", "--", "sh", "-c", "echo > a; exit 7", code=7)

    (run,) = runs(wbart)
    assert run["state"] == "failed"
    assert wbart("runs", "show", str(run["id"]), "--json").json["exit_code"] == 7
    wbart("show", "b", code=4)


def test_a_command_that_a_signal_ended_says_so(wbart: Shell) -> None:
    wbart("exec", "--", "sh", "-c", "kill -9 $$", code=137)

    assert runs(wbart)[0]["state"] == "failed"


def test_a_command_that_is_not_there_is_a_failed_run(wbart: Shell) -> None:
    assert "no-such-command" in wbart("exec", "--", "no-such-command", code=4).err

    assert runs(wbart)[0]["state"] == "failed"


def test_an_output_that_was_not_written_fails_the_run(wbart: Shell) -> None:
    assert "left no output" in wbart("exec", "--out", "a:b", "--", "true", code=4).err

    assert runs(wbart)[0]["state"] == "failed"


def test_what_makes_no_sense_begins_no_run(wbart: Shell) -> None:
    wbart("init", "store")
    for line in (["exec"], ["exec", "--"], ["exec", "--out", "a", "--", "true"]):
        wbart(*line, code=2)
    wbart("exec", "--out", "a:b/c", "--", "true", code=2)
    wbart("exec", "nothing", "--", "true", code=4)

    assert runs(wbart) == []


def test_inputs_stay_in_a_folder_that_was_named(wbart: Shell) -> None:
    wbart.put("data", {"a": "1"})

    gone = wbart("exec", "data", "--", "sh", "-c", 'echo "$WBART_INPUTS"').out.strip()
    wbart("exec", "data", "--dir", "in", "--", "true")

    assert not Path(gone).exists()
    assert (wbart.folder / "in/data/a").read_text() == "1"


def test_output_of_the_command_stays_out_of_json(wbart: Shell) -> None:
    ran = wbart("exec", "--json", "--", "echo", "hello")

    assert ran.json["exit_code"] == 0
    assert "hello" in ran.err


def interrupted(wbart: Shell, number: int) -> tuple[int, str]:
    """Begin a command that would take long, and signal wbart alone, or with it what it began."""
    child = "import signal, time; print('ready', flush=True); time.sleep(60)"
    process = subprocess.Popen(
        wbart.command("exec", "--", sys.executable, "-c", child),
        cwd=wbart.folder,
        env=wbart.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == READY
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does
    else:
        process.send_signal(number)
    _, err = process.communicate(timeout=60)
    return process.returncode, err


def test_ctrl_c_ends_the_command_and_the_run_is_killed(wbart: Shell) -> None:
    code, err = interrupted(wbart, signal.SIGINT)

    assert code == 130
    assert "recorded as killed" in err
    assert runs(wbart)[0]["state"] == "killed"


def test_who_ends_wbart_ends_the_command_too(wbart: Shell) -> None:
    code, _ = interrupted(wbart, signal.SIGTERM)

    assert code == 130
    assert runs(wbart)[0]["state"] == "killed"
