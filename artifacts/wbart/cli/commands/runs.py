"""`wbart runs`: list, look at and export runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from wbart.cli import words
from wbart.cli.options import Group, call_of
from wbart.cli.output import Output

if TYPE_CHECKING:
    from wbart.runs.publicrun import PublicRun
    from wbart.workspace import Workspace

_FILTER = click.option(
    "-f", "--filter", "filter_", metavar="JSON", help="Mongo-style, as Api.runs takes."
)
_ORDER = click.option(
    "--order", metavar="FIELD", help="+FIELD ascends, -FIELD descends; default: -created_at."
)
_OUTPUT = click.option(
    "-o", "--output", metavar="FILE", help="Default: stdout; the ending tells the form."
)
_FORM = click.option(
    "--as", "form", type=click.Choice(["csv", "json", "jsonl", "parquet"]), help="Form of the rows."
)


@click.group("runs", cls=Group)
def command() -> None:
    """List, look at and export runs."""


@command.command("ls")
@click.argument("home", metavar="[[ENTITY/]PROJECT]", required=False)
@_FILTER
@_ORDER
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most N.")
@click.pass_context
def ls(
    ctx: click.Context,
    home: str | None,
    filter_: str | None,
    order: str | None,
    limit: int | None,
) -> None:
    """List the runs of a project, newest first.

    A filter is as `{"config.rate": {"$gt": 0.1}, "state": "finished"}`.
    """
    from wbart.cli import runrows
    from wbart.cli.session import opened

    call = call_of(ctx)
    filters = runrows.parsed_filter(filter_)
    with opened(call) as workspace:
        found = runrows.selected(workspace, home, filters, order, limit)
    Output(call).many(
        found, facts=runrows.facts, human=runrows.rows, quiet=lambda row: str(row.path)
    )


@command.command("show")
@click.argument("run", metavar="[[ENTITY/]PROJECT/]RUN")
@click.pass_context
def show(ctx: click.Context, run: str) -> None:
    """Tell all that is known of a run: state, config, summary, what it used and logged."""
    from wbart.cli.session import opened

    call = call_of(ctx)
    with opened(call) as workspace:
        facts = _facts(_find(workspace, run))
    Output(call).one(facts, _lines(facts), [str(facts["path"])])


@command.command("history")
@click.argument("run", metavar="[[ENTITY/]PROJECT/]RUN")
@click.option("-k", "--key", "keys", multiple=True, metavar="KEY", help="Only rows with all keys.")
@click.option(
    "--samples", type=click.IntRange(min=1), metavar="N", help="At most N, spread evenly."
)
@click.option("--system", is_flag=True, help="What was sampled of the machine.")
@_OUTPUT
@_FORM
@click.pass_context
def history(
    ctx: click.Context,
    run: str,
    keys: tuple[str, ...],
    samples: int | None,
    system: bool,
    output: str | None,
    form: str | None,
) -> None:
    """Write the history of a run, all rows of it unless --samples says otherwise."""
    from wbart.cli.session import opened

    call = call_of(ctx)
    with opened(call) as workspace:
        found = _find(workspace, run)

        def rows() -> Any:
            if system or samples is not None:
                stream = "system" if system else "default"
                most = 1_000_000_000 if samples is None else samples
                return found.history(most, list(keys) or None, pandas=False, stream=stream)
            return found.scan_history(list(keys) or None)

        _write(ctx, rows, output, form)


@command.command("export")
@click.argument("home", metavar="[[ENTITY/]PROJECT]", required=False)
@_FILTER
@_ORDER
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most N runs.")
@click.option("--history", "histories", is_flag=True, help="All rows of the runs' histories.")
@_OUTPUT
@_FORM
@click.pass_context
def export(
    ctx: click.Context,
    home: str | None,
    filter_: str | None,
    order: str | None,
    limit: int | None,
    histories: bool,
    output: str | None,
    form: str | None,
) -> None:
    """Write a table with a row for each run: its facts, its config and its summary.

    With --history the rows of all histories, each with its run_id.
    """
    from wbart.cli import runrows
    from wbart.cli.session import opened
    from wbart.runs.publicrun import PublicRun

    call = call_of(ctx)
    filters = runrows.parsed_filter(filter_)
    with opened(call) as workspace:
        found = runrows.selected(workspace, home, filters, order, limit)

        def rows() -> Iterator[Mapping[str, Any]]:
            for each in found:
                if not histories:
                    yield runrows.flat(runrows.facts(each))
                    continue
                for row in PublicRun(workspace, each.record).scan_history():
                    yield {"run_id": each.path.id, **row}

        _write(ctx, rows, output, form)


def _write(ctx: click.Context, rows: Any, output: str | None, form: str | None) -> None:
    from wbart.cli import tabular

    call = call_of(ctx)
    otherwise = call.format if call.machine else "csv"
    wanted = tabular.form_of(output, form, otherwise)
    count = tabular.write(rows, output, wanted)
    if output is not None:
        facts = {"path": output, "form": wanted, "rows": count}
        Output(call).one(facts, [f"{output}: {words.count(count, 'row')}"], [output])


def _find(workspace: Workspace, text: str) -> PublicRun:
    from wbart.recording import path as runpath
    from wbart.runs import runs

    path = runpath.parse(text, entity=workspace.entity, project=workspace.project)
    return runs.find(workspace, path)


def _facts(run: PublicRun) -> dict[str, Any]:
    from wbart.cli import runrows

    record = run._record
    fields = record.fields
    return {
        "path": "/".join(run.path),
        "name": run.name,
        "state": run.state,
        "exit_code": fields.get("exit_code"),
        "created_at": run.created_at,
        "heartbeat_at": run.heartbeat_at,
        "duration": fields.get("runtime"),
        "job_type": run.job_type,
        "group": run.group,
        "tags": run.tags,
        "notes": run.notes,
        "sweep": run.sweep_name,
        "user": run.username,
        "last_step": run.lastHistoryStep,
        "config": runrows.config_of(record),
        "summary": {key: each for key, each in dict(run.summary).items() if key != "_wandb"},
        "used": [_edge(edge) for edge in record.used.values()],
        "logged": [_edge(edge) for edge in record.logged.values()],
        "files": sorted(record.files),
        "metadata": run.metadata,
    }


def _edge(edge: Any) -> str:
    return f"{edge.entity}/{edge.project}/{edge.collection}:v{edge.version}"


def _lines(facts: Mapping[str, Any]) -> Iterator[str]:
    import json

    shown = {
        key.replace("_", " "): value
        for key, value in facts.items()
        if value not in (None, [], {}, "")
    }
    width = max(map(len, shown))
    for key, value in shown.items():
        text = str(value)
        if isinstance(value, dict):
            text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
        elif isinstance(value, list):
            text = ", ".join(map(str, value))
        elif key.endswith(" at"):
            text = words.moment(text)
        elif key == "duration":
            text = words.duration(float(value))
        first, *more = words.plain(text).splitlines() or [""]
        yield f"{key:<{width}}  {first}"
        yield from (f"{'':<{width}}  {line}" for line in more)
