"""`wbart completion`: the completion script of a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from wbart.cli.options import Command
from wbart.cli.output import Output


@click.command("completion", cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell: eval "$(wbart completion bash)"."""
    from wbart.cli.options import call_of

    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"no completion for {shell}", ctx)
    script = found(ctx.find_root().command, {}, "wbart", "_WBART_COMPLETE").source()
    Output(call_of(ctx)).line(script.rstrip("\n"))
