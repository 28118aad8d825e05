"""The command of commands: lazy, whole, and quick to start."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import click
import pytest
from tests.cli.conftest import InProcess, Shell

from wbart.cli import program as entry
from wbart.cli.options import Common

COMMANDS = [*(name for section in entry.SECTIONS.values() for name in section), *entry.HIDDEN]

WANTED = {
    *("demo", "init", "put", "get", "ls", "show", "files", "cat", "log", "diff", "status"),
    *("verify", "checkout", "whatis", "alias", "tag", "link", "unlink", "rm", "restore", "ttl"),
    *("cache", "doctor", "completion", "artifact", "copy", "lineage", "why", "runs", "exec"),
    *("import", "login"),
}

COMMON = {
    *("--store", "--project", "--entity", "--format", "--json", "--quiet", "--jobs"),
    *("--offline", "--no-cache", "--progress", "--verbose"),
}

HEAVY = ("rich", "fsspec", "msgspec", "sqlite3", "blake3", "wbart_storage", "wbart_manifest")


def _command(name: str) -> click.Command:
    found = entry.wbart.get_command(click.Context(entry.wbart), name)
    assert isinstance(found, click.Command)
    return found


def _leaves(name: str) -> list[click.Command]:
    command = _command(name)
    return list(command.commands.values()) if isinstance(command, click.Group) else [command]


def _options(command: click.Command) -> set[str]:
    return {flag for each in command.params if isinstance(each, click.Option) for flag in each.opts}


def test_every_command_that_is_promised_is_there() -> None:
    assert set(COMMANDS) == WANTED


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_goes_by_its_name_and_says_what_it_does(name: str) -> None:
    command = _command(name)

    assert command.name == name
    assert command.help


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_the_options_of_every_command(name: str) -> None:
    for leaf in _leaves(name):
        inner = list(leaf.commands.values()) if isinstance(leaf, click.Group) else [leaf]
        for each in inner:
            assert _options(each) >= COMMON, each.name


@pytest.mark.parametrize(
    "name",
    [
        "copy",
        "put",
        "get",
        "checkout",
        "rm",
        "alias",
        "tag",
        "link",
        "unlink",
        "ttl",
        "verify",
        "restore",
    ],
)
def test_what_writes_or_deletes_can_be_tried_dry_and_answered_beforehand(name: str) -> None:
    for leaf in _leaves(name):
        if leaf.name != "log":
            assert {"--dry-run", "--yes"} <= _options(leaf)


def test_n_is_the_name_for_put_and_dry_run_elsewhere() -> None:
    def meaning(command: str) -> str | None:
        return next(each.name for each in _command(command).params if "-n" in each.opts)

    assert meaning("put") == "name"
    assert meaning("get") == "dry_run"


def test_no_option_of_a_command_shadows_a_common_one() -> None:
    for name in COMMANDS:
        for leaf in _leaves(name):
            own = [p for p in leaf.params if not isinstance(p, Common)]
            common = {flag for p in leaf.params if isinstance(p, Common) for flag in p.opts}
            assert not common & {flag for p in own for flag in p.opts}, (name, leaf.name)


def test_help_lists_all_but_the_hidden(call: InProcess) -> None:
    said = call("--help").out

    for name in WANTED - {*entry.HIDDEN}:
        assert f"  {name} " in said
    assert "  artifact " not in said


def test_help_of_a_command_shows_its_own_options_first(call: InProcess) -> None:
    said = call("get", "--help").out

    own, common = said.split("Options of every command:")
    assert "--include" in own
    assert "--store" in common
    assert "--store" not in own


@pytest.mark.parametrize(
    ("arguments", "forbidden"),
    [
        (["--help"], HEAVY),
        (["--version"], HEAVY),
        (["put", "--help"], HEAVY),
        (["nonsense"], HEAVY),
        (["completion", "fish"], HEAVY),
    ],
)
def test_starting_imports_nothing_heavy(
    wbart: Shell, arguments: list[str], forbidden: tuple[str, ...]
) -> None:
    assert not _imported(wbart, arguments, forbidden)


def test_a_get_imports_no_remote_backend_and_no_bar(two: Shell) -> None:
    forbidden = ("fsspec", "s3fs", "gcsfs", "adlfs", "rich", "aiohttp")

    assert not _imported(two, ["get", "data:v0", "there"], forbidden)
    assert (two.folder / "there/a.txt").read_text() == "one"


def test_the_probe_of_the_budget_sees_what_is_imported(two: Shell) -> None:
    assert "blake3" in _imported(two, ["get", "data:v0", "there"], ("blake3", "rich"))


def _imported(wbart: Shell, arguments: list[str], names: tuple[str, ...]) -> list[str]:
    script = (
        "import json, sys\n"
        "from wbart.cli.main import main\n"
        f"main({arguments!r})\n"
        f"loaded = {{name.partition('.')[0] for name in sys.modules}} & set({names!r})\n"
        "sys.stderr.write('\\n' + json.dumps(sorted(loaded)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=wbart.folder,
        env=wbart.env,
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[str] = json.loads(done.stderr.splitlines()[-1])
    return found


def test_an_unknown_command_is_a_usage_error_of_one_line(call: InProcess) -> None:
    ran = call("frobnicate", code=2)

    assert ran.out == ""
    assert ran.err == "wbart: No such command 'frobnicate'. (try `wbart --help`)\n"


def test_without_a_command_the_help_comes_on_stderr(call: InProcess) -> None:
    ran = call(code=2)

    assert ran.out == ""
    assert "Everyday" in ran.err


def test_common_options_may_stand_before_or_after_the_command(wbart: Shell) -> None:
    before = wbart("--json", "-p", "p", "ls", "-s", wbart.folder / "else", code=10)
    after = wbart("ls", "--json", "-p", "p", "-s", wbart.folder / "else", code=10)

    assert before.err == after.err
    assert json.loads(after.err)["message"].endswith("else")


def test_what_was_said_before_the_command_is_not_undone_after_it(two: Shell) -> None:
    assert two("--json", "-p", "uncategorized", "ls").json[0]["name"] == "data:v1"
    assert two("-q", "ls", "data").lines[0] == "default/uncategorized/data:v1"
    assert two("--json", "ls", "-q").out == "default/uncategorized/data:v1\n"
    assert two("ls").out.startswith("dataset  ")


def test_version(call: InProcess) -> None:
    assert call("--version").out.startswith("wbart 0.")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(call: InProcess, shell: str) -> None:
    assert "_WBART_COMPLETE" in call("completion", shell).out


@pytest.mark.parametrize("name", COMMANDS)
def test_no_argument_has_the_name_of_an_option(name: str) -> None:
    """Else one of the two is lost, and click warns of it at every call."""
    for leaf in _leaves(name):
        names = [each.name for each in leaf.get_params(click.Context(leaf))]

        assert len(names) == len(set(names))


def test_ctrl_c_while_it_still_imports_is_told_in_one_line(wbart: Shell) -> None:
    slow = "import signal\nprint('importing', flush=True)\nsignal.pause()\n"
    wbart.write("first/click.py", slow)
    paths = os.pathsep.join([str(wbart.folder / "first"), wbart.env["PYTHONPATH"]])
    with subprocess.Popen(
        wbart.command("ls"),
        env={**wbart.env, "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "importing\n"
        child.send_signal(signal.SIGINT)
        _, told = child.communicate(timeout=60)

    assert (child.returncode, told) == (130, "wbart: interrupted\n")
