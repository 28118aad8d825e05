"""`wbart import wandb`: runs that W&B left on this machine, or a folder with W&B's manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wbart.cli.options import Command, call_of

if TYPE_CHECKING:
    from wbart.cli.call import Call


@click.command("wandb", cls=Command)
@click.argument("path", metavar="PATH")
@click.option("--no-artifacts", is_flag=True, help="Leave what the runs logged and used.")
@click.option("--name", metavar="NAME", help="What a folder with a manifest becomes a version of.")
@click.option("--type", "type_", metavar="TYPE", help="Of that version. Default: dataset.")
@click.option("-a", "--alias", "aliases", multiple=True, metavar="ALIAS", help="Of that version.")
@click.pass_context
def command(
    ctx: click.Context,
    path: str,
    no_artifacts: bool,
    name: str | None,
    type_: str | None,
    aliases: tuple[str, ...],
) -> None:
    """Import runs that W&B wrote to this disk, or a folder of files with W&B's manifest.

    PATH is a run's folder (`offline-run-…`), its .wandb file, or a folder with many of them, as
    `wandb` is. Entity and project are the runs' own unless --entity and --project say.

    A PATH with a wandb_manifest.json becomes a version of NAME, if all its files have the digests
    that the manifest says.
    """
    from wbart.apis.importers.wandb.manifestfolder import is_folder
    from wbart.cli.stop import Interrupted

    call = call_of(ctx)
    try:
        if is_folder(path):
            if name is None:
                raise click.UsageError("a folder with a manifest needs --name NAME", ctx)
            _import_folder(call, path, name, type_ or "dataset", aliases)
        elif name or type_ or aliases:
            raise click.UsageError("--name, --type, --alias are for a folder with a manifest", ctx)
        else:
            ctx.exit(_import_runs(call, path, artifacts=not no_artifacts))
    except KeyboardInterrupt:
        raise Interrupted("interrupted; what is imported stays, the next import goes on") from None


def _import_runs(call: Call, path: str, *, artifacts: bool) -> int:
    from wbart.apis.importers.importing import import_runs
    from wbart.apis.importers.wandb.runs import runs_at
    from wbart.cli.imported import namespace, show
    from wbart.cli.progress import meter
    from wbart.cli.session import opened

    home = namespace(call)
    runs = runs_at(path, home)
    with opened(call, create=True) as workspace, meter(call) as progress:
        report = import_runs(
            workspace, runs, namespace=home, artifacts=artifacts, progress=progress
        )
    return show(call, report)


def _import_folder(call: Call, path: str, name: str, type_: str, aliases: tuple[str, ...]) -> None:
    from wbart.apis.importers.wandb.manifestfolder import import_folder
    from wbart.cli.facts import version_facts
    from wbart.cli.output import Output
    from wbart.cli.session import committed_of, home_of, opened
    from wbart.refs.refpath import Ref

    target = Ref.parse_collection(name)
    with opened(call, target, create=True) as workspace:
        entity, project, collection = home_of(workspace, target)
        within = workspace.within(entity, project)
        at = committed_of(import_folder(within, path, collection, type_, aliases=aliases))
        shown = at.place.qualified_name
        Output(call).one(version_facts(at), [f"{shown}  {at.digest}"], [shown])
