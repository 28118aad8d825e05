"""`wbart import tb`: a run out of TensorBoard's event files."""

from __future__ import annotations

import click

from wbart.cli.options import Command, call_of


@click.command("tb", cls=Command)
@click.argument("folder", metavar="DIR")
@click.option("--id", "run_id", metavar="RUN", help="Id of the run; without: one for this DIR.")
@click.pass_context
def command(ctx: click.Context, folder: str, run_id: str | None) -> None:
    """Make one run of all of TensorBoard's event files below DIR.

    Tags become keys of the history, behind the folder below DIR where their files lie:
    `train/loss`. For a run of each folder, call it with each. Called again, it takes what came
    meanwhile; nothing is there twice. TensorBoard need not be installed.
    """
    from wbart.apis.importers.tensorboard import LogDir, sync
    from wbart.cli.imported import show
    from wbart.cli.output import Output
    from wbart.cli.progress import meter
    from wbart.cli.session import opened

    call = call_of(ctx)
    found = LogDir.at(folder)
    with opened(call, create=True) as workspace, meter(call) as progress:
        report = sync(workspace, found, run_id=run_id, progress=progress)
    for _, error in report.failed:
        raise error
    for path in (*report.imported, *report.updated, *report.unchanged):
        Output(call).say(f"run {path}")
    ctx.exit(show(call, report))
