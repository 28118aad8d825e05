"""`wbart login`: W&B's word before all others, for scripts that say it; there is nothing to do."""

from __future__ import annotations

import click

from wbart.cli.options import Command, call_of
from wbart.cli.output import Output


@click.command("login", cls=Command, context_settings={"ignore_unknown_options": True})
@click.argument("ignored", nargs=-1, type=click.UNPROCESSED, metavar="[W&B'S KEY AND OPTIONS]")
@click.pass_context
def command(ctx: click.Context, ignored: tuple[str, ...]) -> None:
    """Tell that nobody needs to log in; whatever else is given is passed over, and kept nowhere."""
    Output(call_of(ctx)).say("Nothing to log in to: a store has credentials of its own.")
