"""The command of commands: each is imported when it is used."""

from __future__ import annotations

import importlib
import io
import keyword
import os
import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import click

from wbart.cli import exit_codes, failure
from wbart.cli.call import Call
from wbart.cli.options import Group
from wbart.cli.stop import Interrupted, PipeClosed

SECTIONS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "Everyday": {
            "demo": "See it work on real data, in a folder of its own.",
            "put": "Store files or folders as a new version.",
            "get": "Download a version into a folder.",
            "ls": "List collections, or the versions of one.",
            "show": "Tell all that is known of a version.",
            "files": "List the files of a version.",
            "cat": "Write one file of a version to stdout.",
            "log": "Tell what happened to a collection.",
            "diff": "Compare two versions.",
            "status": "Compare a folder with the version it came from.",
        },
        "Integrity": {
            "verify": "Check bytes against digests, and heal them.",
            "checkout": "Make a folder exactly what a version says.",
            "whatis": "Tell which versions hold a file's content.",
        },
        "Runs and lineage": {
            "runs": "List, look at and export runs.",
            "exec": "Run a command on versions, as a run.",
            "import": "Import runs from MLflow, W&B and TensorBoard.",
            "lineage": "Tell what a version came from, or what came of it.",
            "why": "Tell who needs a version, and what would break without it.",
        },
        "Naming": {
            "alias": "Set, remove and undo aliases; tell their history.",
            "tag": "Add and remove tags.",
            "link": "Link a version into another collection.",
            "unlink": "Remove a link; its source stays.",
            "copy": "Copy a version into another store.",
        },
        "Lifecycle": {
            "rm": "Delete a version, or a collection; restorable for 7 days.",
            "restore": "Bring back what was deleted.",
            "ttl": "Show or set how long a version lives.",
        },
        "Machine": {
            "init": "Make a store.",
            "cache": "Look at, prune and verify the local cache.",
            "doctor": "Look whether store, cache and clock are fit.",
            "completion": "Print the completion script of a shell.",
        },
    }
)
"""The commands and what they are for; told here, so that `--help` imports none of them."""

HIDDEN: Final = ("artifact", "login")
"""W&B's spelling of put, get, ls and cache cleanup, and what its scripts say first of all."""


class Commands(Group):
    """Imports the module of a command when, and only when, the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands that are shown, in the order of the help."""
        return [name for section in SECTIONS.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, imported now."""
        if cmd_name not in (*self.list_commands(ctx), *HIDDEN):
            return None
        name = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        module = importlib.import_module(f"wbart.cli.commands.{name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by section."""
        for title, section in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl(list(section.items()))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write how a version is named, and where the rest is told."""
        with formatter.section("REF"):
            formatter.write_text("[[ENTITY/]PROJECT/]NAME[:VERSION|:ALIAS|@DIGEST][@{TIME}][#PATH]")
        with formatter.section("Exit codes"):
            formatter.write_text(
                "0 done, 1 failed, 2 usage, 3 partly done, 4 not found, 5 verification failed, "
                "6 conflict, 7 permission, 8 unavailable, 9 lock time-out, 10 no store here, "
                "11 refused, 12 not in the cache and --offline, 20 differences, 130 interrupted"
            )

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what click would treat in its own way comes out as ours."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Interrupted from None
        except BrokenPipeError:
            raise PipeClosed from None


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (default: that of the process) and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    call = Call()
    try:
        _prepare_stdout()
        code = wbart.main(given, prog_name="wbart", standalone_mode=False, obj=call)
        if sys.stdout is not None:
            sys.stdout.flush()
    except (PipeClosed, BrokenPipeError):
        _drop_stdout()
        return exit_codes.DONE
    except KeyboardInterrupt:
        return failure.report(Interrupted(), machine=call.machine, verbose=False)
    except Exception as error:
        machine = call.machine or failure.wants_json(given)
        code = failure.report(error, machine=machine, verbose=bool(call.verbose))
        _flush_or_drop()
        return code
    return code if isinstance(code, int) else exit_codes.DONE


def _version(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        from wbart.version import VERSION

        click.echo(f"wbart {VERSION}")
        context.exit()


@click.group(cls=Commands, name="wbart", context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Version."
)
def wbart() -> None:
    """Versioned artifacts on storage that you own.

    `wbart COMMAND --help` tells the rest. Nothing needs to be set up: without --store, WBART_STORE
    or a .wbart folder upwards, the store lies in your data folder.
    """


def _prepare_stdout() -> None:
    """Let file names that are no text in the encoding of stdout pass instead of failing."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
        sys.stdout.reconfigure(errors="surrogateescape" if unicode else "backslashreplace")


def _flush_or_drop() -> None:
    """Write what was said before an error; that stdout cannot take it is told already."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        _drop_stdout()


def _drop_stdout() -> None:
    """Keep Python from failing once more when it flushes stdout at the end."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        sys.stdout = None
