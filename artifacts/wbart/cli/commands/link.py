"""`wbart link`: a version shown in another collection, too."""

from __future__ import annotations

import click

from wbart.cli.options import Command, call_of, writes
from wbart.cli.output import Output


@click.command("link", cls=Command)
@click.argument("ref", metavar="REF")
@click.argument("target", metavar="[[ENTITY/]PROJECT/]NAME")
@click.option("-a", "--alias", "aliases", multiple=True, metavar="ALIAS", help="Besides latest.")
@writes()
@click.pass_context
def command(ctx: click.Context, ref: str, target: str, aliases: tuple[str, ...]) -> None:
    """Link a version into a collection of links, which is made if need be.

    Nothing is copied. The same version again is the same link.
    """
    from wbart import names
    from wbart.cli.facts import version_facts
    from wbart.cli.session import committed_of, loaded, opened, version_ref
    from wbart.refs.refpath import link_target

    call = call_of(ctx)
    wanted = names.aliases(aliases)
    parsed = version_ref(ref)
    with opened(call, parsed) as workspace:
        artifact = loaded(workspace, parsed)
        home = link_target(
            target,
            entity=artifact.source_entity,
            project=workspace.project,
            organization=workspace.organization,
        )
        if call.dry_run:
            name = "/".join(home)
            facts: dict[str, object] = {
                "source_qualified_name": artifact.source_qualified_name,
                "collection": name,
                "dry_run": True,
            }
            told = f"would link {artifact.source_qualified_name} into {name}"
        else:
            linked = artifact.link(target, wanted)
            name, facts = linked.qualified_name, version_facts(committed_of(linked))
            told = f"{name} -> {linked.source_qualified_name}"
    Output(call).one(facts, [told], [name])
