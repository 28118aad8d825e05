"""`wbart unlink`: a link goes, its source stays."""

from __future__ import annotations

import click

from wbart.cli.options import Command, call_of, writes
from wbart.cli.output import Output


@click.command("unlink", cls=Command)
@click.argument("ref", metavar="REF")
@writes()
@click.pass_context
def command(ctx: click.Context, ref: str) -> None:
    """Remove a link from the collection that REF names; the version it leads to stays."""
    from wbart.cli.session import loaded, opened, version_ref
    from wbart.errors import KindClash

    call = call_of(ctx)
    parsed = version_ref(ref)
    with opened(call, parsed) as workspace:
        artifact = loaded(workspace, parsed)
        name, source = artifact.qualified_name, artifact.source_qualified_name
        if not artifact.is_link:
            raise KindClash(f"{name} is no link: `wbart rm` deletes versions")
        if not call.dry_run:
            artifact.unlink()
    facts = {"qualified_name": name, "source_qualified_name": source, "dry_run": call.dry_run}
    told = "would unlink" if call.dry_run else "unlinked"
    Output(call).one(facts, [f"{told} {name}; {source} stays"], [name])
