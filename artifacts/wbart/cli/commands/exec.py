"""`wbart exec`: a command that is given versions, as a run that used them."""

from __future__ import annotations

import click

from wbart.cli.options import Command, call_of


class _Split(Command):
    """Keeps what stands behind `--` apart: the command that is to be run."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the command out of the arguments. UsageError without one."""
        at = args.index("--") if "--" in args else len(args)
        ctx.meta["wbart.exec"] = args[at + 1 :]
        rest = super().parse_args(ctx, args[:at])
        if not ctx.meta["wbart.exec"] and not ctx.resilient_parsing:
            raise click.UsageError("no command: wbart exec REF... -- CMD...", ctx)
        return rest


@click.command("exec", cls=_Split, options_metavar="[OPTIONS]")
@click.argument("refs", metavar="[REF]... -- CMD...", nargs=-1)
@click.option(
    "--out", "outs", multiple=True, metavar="PATH:NAME[:TYPE]", help="Log PATH when CMD succeeds."
)
@click.option("--dir", "folder", metavar="DIR", help="Where the inputs go, and stay.")
@click.option("--name", metavar="NAME", help="What the run is called.")
@click.option("--job-type", metavar="TYPE", default="exec", help="Its kind of work.")
@click.pass_context
def command(
    ctx: click.Context,
    refs: tuple[str, ...],
    outs: tuple[str, ...],
    folder: str | None,
    name: str | None,
    job_type: str,
) -> int:
    """Run CMD on versions, and record it as a run: inputs, outputs, exit code.

    Each REF is downloaded into a folder; WBART_INPUT_<NAME> and WBART_INPUTS tell where. The
    command's exit code is ours.
    """
    from wbart.cli.executing import Output, Work, execute
    from wbart.cli.session import version_ref

    outputs = tuple(Output.parse(text) for text in outs)
    parsed = tuple(version_ref(ref) for ref in refs)
    work = Work(tuple(ctx.meta["wbart.exec"]), parsed, outputs, folder, name, job_type)
    return execute(call_of(ctx), work)
