"""`wbart ls`: the collections of a project, or the versions of one collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wbart.cli.call import Call
from wbart.cli.options import Command, call_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wbart.cli.listing import Listed


@click.command("ls", cls=Command)
@click.argument("pattern", required=False)
@click.option("-t", "--type", "type_", metavar="TYPE", help="Only collections of this type.")
@click.option("--trash", is_flag=True, help="Deleted versions that can be restored.")
@click.pass_context
def command(ctx: click.Context, pattern: str | None, type_: str | None, trash: bool) -> None:
    """List collections with their newest version, or the versions of one.

    PATTERN is [[ENTITY/]PROJECT/]NAME, each part a glob; PROJECT/ means all of a project. A name
    without a glob, or one with :VERSION behind it, lists versions, newest first.
    """
    from wbart.cli.listing import Pattern, listed
    from wbart.cli.session import opened

    call = call_of(ctx)
    with opened(call) as workspace:
        home = workspace.entity, workspace.project
        wanted = Pattern.parse(pattern or "*", *home)
        _show(call, listed(workspace, wanted, type_, trash=trash), home)


def _show(call: Call, found: Iterable[Listed], home: tuple[str, str]) -> None:
    from wbart.cli.listing import facts, rows
    from wbart.cli.output import Output

    Output(call).many(
        found,
        facts=facts,
        human=lambda items: rows(items, home),
        quiet=lambda item: item.qualified_name,
    )
