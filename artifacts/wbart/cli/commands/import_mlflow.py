"""`wbart import mlflow`: runs and models of an MLflow tracking store."""

from __future__ import annotations

import click

from wbart.cli.options import Command, call_of


@click.command("mlflow", cls=Command)
@click.argument("uri", metavar="URI")
@click.option("--registry", metavar="URI", help="Where the models are registered, if elsewhere.")
@click.option("--limit", type=click.IntRange(min=0), metavar="N", help="The N oldest runs only.")
@click.option("--no-artifacts", is_flag=True, help="Neither artifacts nor registered models.")
@click.pass_context
def command(
    ctx: click.Context, uri: str, registry: str | None, limit: int | None, no_artifacts: bool
) -> None:
    """Import the runs and registered models of an MLflow tracking store.

    URI is a path (`mlflow.db`, `mlruns`, a folder with either) or a tracking URI:
    `sqlite:///mlflow.db`, `file:///…`, `http://…`, `databricks`. Servers, and databases other
    than SQLite, need the mlflow package. Runs go to the project imported-from-mlflow unless
    --project says.
    """
    from wbart.apis.importers.mlflow.importer import MlflowImporter
    from wbart.cli.imported import namespace, show
    from wbart.cli.progress import meter
    from wbart.cli.session import opened
    from wbart.cli.stop import Interrupted

    call = call_of(ctx)
    try:
        with opened(call, create=True) as workspace, meter(call) as progress:
            importer = MlflowImporter(mlflow_tracking_uri=uri, mlflow_registry_uri=registry)
            report = importer.bring(
                workspace,
                importer.collect_runs(limit),
                artifacts=not no_artifacts,
                namespace=namespace(call),
                progress=progress,
            )
    except KeyboardInterrupt:
        raise Interrupted("interrupted; what is imported stays, the next import goes on") from None
    ctx.exit(show(call, report))
