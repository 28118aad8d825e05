"""`wbart whatis`: which versions hold this content."""

from __future__ import annotations

import os

import click

from wbart.cli import exit_codes, words
from wbart.cli.options import Command, call_of
from wbart.cli.output import Output


@click.command("whatis", cls=Command)
@click.argument("path", metavar="FILE|DIR")
@click.pass_context
def command(ctx: click.Context, path: str) -> None:
    """Tell which versions hold the content of a file, or are exactly a folder.

    Compares digests, so names and times do not matter. Exits with 4 when no version does.
    """
    import errno

    from wbart.cli.session import opened
    from wbart.verifying.whatis import whatis

    call = call_of(ctx)
    if not os.path.exists(path):
        raise FileNotFoundError(errno.ENOENT, "no such file or folder", path)
    with opened(call) as workspace:
        found = list(whatis(workspace, path))
    Output(call).many(
        found,
        facts=lambda one: {"ref": str(one.ref), "path": one.path},
        human=lambda items: (_named(one.ref, one.path) for one in items),
        quiet=lambda one: _named(one.ref, one.path),
    )
    if not found:
        Output(call).say(f"no version holds {path}")
    ctx.exit(exit_codes.DONE if found else exit_codes.NOT_FOUND)


def _named(ref: object, path: str | None) -> str:
    return words.one_line(f"{ref}#{path}" if path else str(ref))
