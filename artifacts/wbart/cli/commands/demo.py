"""`wbart demo`: the whole of it on real data, told as it happens."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from wbart.cli.options import Command, call_of
from wbart.cli.output import Output
from wbart.cli.stop import Refused

if TYPE_CHECKING:
    from wbart.demo import Chapter


@click.command("demo", cls=Command)
@click.argument("folder", metavar="[DIR]", required=False)
@click.pass_context
def command(ctx: click.Context, folder: str | None) -> None:
    """Show put, diff, get, checkout, verify and repair on real data, in a store of its own.

    Plays in a temporary folder; in DIR, which must be new or empty, everything stays for you to
    look at. Exits with 1 if any step does not do what it says.
    """
    from wbart.demo import tell

    output = Output(call_of(ctx))
    if folder is None:
        with TemporaryDirectory(prefix="wbart-demo-") as place:
            _show(output, tell(Path(place)))
        output.say("`wbart demo DIR` does the same in DIR and leaves it there.")
        return
    if os.path.isdir(folder) and os.listdir(folder):
        raise Refused(f"{folder} is not empty", "name a new folder")
    _show(output, tell(Path(folder)))
    output.say(f"Look around: cd {folder}; wbart ls")


def _show(output: Output, chapters: Iterable[Chapter]) -> None:
    output.many(
        chapters,
        facts=lambda one: {"title": one.title, "command": one.command, "lines": one.lines},
        human=_told,
        quiet=lambda one: one.command,
    )


def _told(chapters: Iterable[Chapter]) -> Iterator[str]:
    for number, chapter in enumerate(chapters, 1):
        yield f"{number}. {chapter.title}"
        yield f"   $ {chapter.command}"
        yield from (f"     {line}" for line in chapter.lines)
        yield ""
        if sys.stdout is not None:
            sys.stdout.flush()
