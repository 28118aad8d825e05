"""`wbart log`: what happened to a collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wbart.cli import words
from wbart.cli.options import Command, call_of
from wbart.cli.output import Output

if TYPE_CHECKING:
    from wbart.fold.state import CollectionState
    from wbart.refs.selector import Selector


@click.command("log", cls=Command)
@click.argument("name", metavar="NAME[:VERSION]")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="The newest N only.")
@click.option("--reverse", is_flag=True, help="Oldest first.")
@click.pass_context
def command(ctx: click.Context, name: str, limit: int | None, reverse: bool) -> None:
    """Tell what happened to a collection, or to one version: when, who, what; newest first."""
    from wbart.cli.happenings import Happening, happenings
    from wbart.cli.session import home_of, opened, version_ref

    call = call_of(ctx)
    parsed = version_ref(name)
    with opened(call, parsed) as workspace:
        home = home_of(workspace, parsed)
        state = workspace.catalog.state(*home)
        number = None if parsed.select is None else _number(state, parsed.select)
        found = [
            each
            for each in happenings(workspace.catalog.records(*home), state.name)
            if number is None or number in each.versions
        ]

    def row(each: Happening) -> tuple[str, ...]:
        return words.moment(each.at), each.actor, each.what

    ordered = found[-limit:] if limit else found
    Output(call).many(
        ordered if reverse else list(reversed(ordered)),
        facts=lambda each: each.facts(),
        human=lambda items: words.table(map(row, items)),
        quiet=lambda each: each.what,
    )


def _number(state: CollectionState, select: Selector) -> int:
    """The version meant, deleted ones by their number, too."""
    from wbart.fold.version import find
    from wbart.names import version_number
    from wbart.refs.resolve import View

    if select.kind == "version":
        return find(state, version_number(select.value) or 0).number
    # At no time is everything expired: what happened to it is told all the same.
    return View(state, 0.0).get(select).number
