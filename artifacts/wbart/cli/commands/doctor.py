"""`wbart doctor`: whether store, cache and clock are fit for work."""

from __future__ import annotations

import click

from wbart.cli import exit_codes, words
from wbart.cli.options import Command, call_of
from wbart.cli.output import Output


@click.command("doctor", cls=Command)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Try out the store and this machine: abilities, clock, cache, link modes, versions.

    Writes a few objects below hints/probe/ of the store and removes them. Exits with 1 when
    something is not fit for work.
    """
    from wbart.cli.checkup import Finding, checkup
    from wbart.cli.session import opened

    call = call_of(ctx)
    with opened(call) as workspace:
        findings = list(checkup(workspace))

    def row(each: Finding) -> tuple[str, ...]:
        return each.verdict, each.subject, each.detail

    Output(call).many(
        findings,
        facts=lambda each: {
            "subject": each.subject,
            "verdict": each.verdict,
            "detail": each.detail,
        },
        human=lambda items: words.table(map(row, items)),
        quiet=lambda each: f"{each.verdict} {each.subject}",
    )
    bad = any(each.verdict == "bad" for each in findings)
    ctx.exit(exit_codes.FAILED if bad else exit_codes.DONE)
