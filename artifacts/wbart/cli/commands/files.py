"""`wbart files`: the entries of a version, as a stream."""

from __future__ import annotations

import click

from wbart.cli.options import Command, call_of
from wbart.cli.output import Output


@click.command("files", cls=Command)
@click.argument("ref", metavar="REF")
@click.option("--include", multiple=True, metavar="GLOB", help="Only paths that match.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="No paths that match.")
@click.pass_context
def command(
    ctx: click.Context, ref: str, include: tuple[str, ...], exclude: tuple[str, ...]
) -> None:
    """List the files of a version with sizes and digests, sorted by path.

    They are written as they are read, so the size of the version does not matter. With #PATH only
    what lies there.
    """
    from wbart.cli.facts import entry_facts, entry_line
    from wbart.cli.picking import picked
    from wbart.cli.session import committed_of, loaded, opened
    from wbart.refs.refpath import Ref

    call = call_of(ctx)
    parsed = Ref.parse(ref)
    with opened(call, parsed) as workspace:
        artifact = loaded(workspace, parsed)
        at = committed_of(artifact)
        algorithm = at.manifest.algorithm
        Output(call).many(
            picked(artifact, parsed.path, include, exclude).entries(at),
            facts=lambda entry: entry_facts(entry, algorithm),
            human=lambda entries: map(entry_line, entries),
            quiet=lambda entry: entry.path,
        )
