"""`wbart cache`: near copies of what lies in stores, on this machine."""

from __future__ import annotations

import click

from wbart.cli import exit_codes, words
from wbart.cli.options import Group, call_of, writes
from wbart.cli.output import Output


@click.group("cache", cls=Group)
def command() -> None:
    """Look at, prune and verify the local cache. It may be deleted at any time."""


@command.command("dir")
@click.pass_context
def dir_(ctx: click.Context) -> None:
    """Print the folder of the cache."""
    from wbart.cli.session import load_settings

    call = call_of(ctx)
    folder = str(load_settings(call).cache_dir)
    Output(call).one({"path": folder}, [folder], [folder])


@command.command("ls")
@click.pass_context
def ls(ctx: click.Context) -> None:
    """List how much is kept for which store."""
    from wbart.cli.caching import Kept, kept
    from wbart.cli.session import load_settings

    call = call_of(ctx)

    def row(each: Kept) -> tuple[str, ...]:
        files = words.count(each.files, "copy", "copies")
        return words.size(each.size), files, each.store_id

    Output(call).many(
        kept(load_settings(call)),
        facts=lambda each: {
            "store_id": each.store_id,
            "path": str(each.path),
            "files": each.files,
            "size": each.size,
            "total_size": each.total_size,
        },
        human=lambda items: words.table(map(row, items), right=(0, 1)),
        quiet=lambda each: str(each.path),
    )


@command.command("prune")
@click.argument("size", metavar="[SIZE]", required=False)
@writes()
@click.pass_context
def prune(ctx: click.Context, size: str | None) -> None:
    """Make the cache no bigger than SIZE (10GB, 5%), least recently used first.

    Without SIZE it is the size that the settings allow. What is in use stays; what is unfinished
    or damaged goes in any case.
    """
    from wbart.cli import caching
    from wbart.cli.session import load_settings

    call = call_of(ctx)
    settings = load_settings(call)
    try:
        most = caching.limit(settings, size)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param_hint="SIZE") from error
    freed = caching.prune(settings, most, dry_run=call.dry_run)
    told = "would free" if call.dry_run else "freed"
    line = f"{told} {words.size(freed.size)}"
    Output(call).one(freed.facts(), [line], [str(freed.size)])


@command.command("verify")
@click.option("--repair", is_flag=True, help="Remove damaged copies; they are fetched anew.")
@writes()
@click.pass_context
def verify(ctx: click.Context, repair: bool) -> None:
    """Read every copy and compare it with its digest; exit with 5 when one is damaged."""
    from wbart.cli import caching
    from wbart.cli.session import load_settings

    call = call_of(ctx)
    found = caching.verify(load_settings(call), repair=repair and not call.dry_run)
    facts = {
        "checked": found.checked,
        "size": found.size,
        "damaged": list(found.damaged),
        "removed": found.removed,
    }
    word = "removed" if found.removed else "damaged"
    output = Output(call)
    output.one(facts, (f"{word}  {each}" for each in found.damaged), found.damaged)
    output.say(f"{words.count(found.checked, 'copy', 'copies')}, {words.size(found.size)} read")
    bad = found.damaged and not found.removed
    ctx.exit(exit_codes.NOT_VERIFIED if bad else exit_codes.DONE)
