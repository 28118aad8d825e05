"""`wbart import wandb`: runs that W&B left on this machine, or a folder with W&B's manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wbart.cli import exit_codes
from wbart.cli.options import Command, call_of
from wbart.cli.output import Output

if TYPE_CHECKING:
    from wbart.apis.importers.importreport import ImportReport
    from wbart.apis.importers.namespace import Namespace
    from wbart.cli.call import Call

_OUTCOMES = ("imported", "updated", "unchanged")


@click.command("wandb", cls=Command)
@click.argument("path", metavar="PATH")
@click.option("--no-artifacts", is_flag=True, help="Leave what the runs logged and used.")
@click.option("--name", metavar="NAME", help="With a folder of files: what becomes a version.")
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
    """Bring in runs that W&B wrote to this disk, or a folder of files with W&B's manifest.

    PATH is a run's folder (offline-run-…), its .wandb file, or a folder with many of them; W&B
    need not be installed. Entity and project are the runs' own unless --entity and --project say.
    Called again, it takes what is new; nothing is there twice.

    A PATH with a wandb_manifest.json becomes a version called NAME, if each file has W&B's digest.
    """
    from wbart.apis.importers.wandb.manifestfolder import is_folder

    call = call_of(ctx)
    if is_folder(path):
        if name is None:
            raise click.UsageError("a folder with a manifest needs --name NAME", ctx)
        _import_folder(call, path, name, type_ or "dataset", aliases)
        return
    if name or type_ or aliases:
        raise click.UsageError("--name, --type and --alias are for a folder with a manifest", ctx)
    report = _import_runs(call, path, artifacts=not no_artifacts)
    _show(Output(call), report)
    failed = len(report.failed) == 1 and not any(getattr(report, each) for each in _OUTCOMES)
    if failed:
        raise report.failed[0][1]
    ctx.exit(exit_codes.DONE if report.complete else exit_codes.PARTLY)


def _import_runs(call: Call, path: str, *, artifacts: bool) -> ImportReport:
    from wbart.apis.importers.importing import import_runs
    from wbart.apis.importers.wandb.runs import runs_at
    from wbart.cli.progress import meter
    from wbart.cli.session import opened

    home = _namespace(call)
    runs = runs_at(path, home)
    with opened(call, create=True) as workspace, meter(call) as progress:
        return import_runs(workspace, runs, namespace=home, artifacts=artifacts, progress=progress)


def _namespace(call: Call) -> Namespace:
    from wbart.apis.importers.namespace import Namespace

    said = call.overrides
    return Namespace(str(said.get("entity") or ""), str(said.get("project") or ""))


def _import_folder(call: Call, path: str, name: str, type_: str, aliases: tuple[str, ...]) -> None:
    from wbart.apis.importers.wandb.manifestfolder import import_folder
    from wbart.cli.facts import version_facts
    from wbart.cli.session import committed_of, home_of, opened
    from wbart.refpath import Ref

    target = Ref.parse_collection(name)
    with opened(call, target, create=True) as workspace:
        entity, project, name = home_of(workspace, target)
        within = workspace.within(entity, project)
        at = committed_of(import_folder(within, path, name, type_, aliases=aliases))
    shown = at.place.qualified_name
    Output(call).one(version_facts(at), [f"{shown}  {at.digest}"], [shown])


def _show(output: Output, report: ImportReport) -> None:
    for line in report.troubles:
        output.warn(line)
    output.many(
        [(name, path) for name in _OUTCOMES for path in getattr(report, name)],
        lambda each: {"run": str(each[1]), "outcome": each[0]},
        lambda items: (f"{name} {path}" for name, path in items),
        lambda each: str(each[1]),
    )
