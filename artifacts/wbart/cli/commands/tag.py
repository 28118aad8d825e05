"""`wbart tag`: labels of a version."""

from __future__ import annotations

import click

from wbart.cli.options import Group, call_of, writes
from wbart.cli.output import Output


@click.group("tag", cls=Group)
def command() -> None:
    """Add and remove tags of a version; they are shared by all its links."""


@command.command("add")
@click.argument("ref", metavar="REF")
@click.argument("tags", metavar="TAG...", nargs=-1, required=True)
@writes()
@click.pass_context
def add(ctx: click.Context, ref: str, tags: tuple[str, ...]) -> None:
    """Add tags to a version."""
    _edit(ctx, ref, add=tags)


@command.command("rm")
@click.argument("ref", metavar="REF")
@click.argument("tags", metavar="TAG...", nargs=-1, required=True)
@writes()
@click.pass_context
def rm(ctx: click.Context, ref: str, tags: tuple[str, ...]) -> None:
    """Remove tags from a version; one that it does not have is no error."""
    _edit(ctx, ref, remove=tags)


def _edit(
    ctx: click.Context, ref: str, *, add: tuple[str, ...] = (), remove: tuple[str, ...] = ()
) -> None:
    from wbart import names
    from wbart.cli.session import loaded, opened, version_ref

    call = call_of(ctx)
    names.tags(add)
    parsed = version_ref(ref)
    with opened(call, parsed) as workspace:
        artifact = loaded(workspace, parsed)
        kept = [tag for tag in artifact.tags if tag not in remove]
        artifact.tags = [*kept, *add]
        if not call.dry_run:
            artifact.save()
    name, tags = artifact.qualified_name, artifact.tags
    facts = {"qualified_name": name, "tags": tags, "dry_run": call.dry_run}
    Output(call).one(facts, [f"{artifact.name}: {', '.join(tags) or 'no tags'}"], [name])
