"""Runs as the command lists them: which ones, as facts, as lines for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from wbart import names
from wbart.cli import words
from wbart.runindex.index import Index
from wbart_storage.clock import rfc3339

if TYPE_CHECKING:
    from wbart.recording.record import RunRecord
    from wbart.runindex.index import RunRow
    from wbart.workspace import Workspace

Facts = dict[str, Any]


def project_of(workspace: Workspace, text: str | None) -> tuple[str, str]:
    """Entity and project of `[ENTITY/]PROJECT`, or those that apply."""
    owner, slash, name = (text or workspace.project).strip("/").rpartition("/")
    return names.entity(owner) if slash else workspace.entity, names.project(name)


def parsed_filter(text: str | None) -> Mapping[str, Any] | None:
    """The filter of a JSON text."""
    if text is None:
        return None
    try:
        found = json.loads(text)
    except ValueError as error:
        raise click.UsageError(f"--filter is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise click.UsageError("--filter is a JSON object")
    return found


def selected(
    workspace: Workspace,
    project: str | None,
    filters: Mapping[str, Any] | None,
    order: str | None,
    limit: int | None,
) -> list[RunRow]:
    """The runs of a project that fit, in order. Raises ProjectNotFound, ArgumentInvalid."""
    from wbart.errors import ProjectNotFound
    from wbart.query import parse, parse_order
    from wbart.runindex.fields import SCHEMA
    from wbart.runs.runs import projects_with_runs

    entity, name = project_of(workspace, project)
    condition = parse(filters, SCHEMA)
    by = parse_order(order or "-created_at", SCHEMA, unsigned_descends=True)
    there = {*projects_with_runs(workspace, entity), *workspace.catalog.projects(entity)}
    if project is not None and name not in there:
        raise ProjectNotFound(f"project {name!r} not found under entity {entity!r}")
    with Index.open(workspace) as index:
        index.sync(entity, name)
        return index.runs(entity, name, condition, by, limit)


def facts(row: RunRow) -> Facts:
    """What a list tells of a run."""
    record, seen = row.record, row.seen
    fields = record.fields
    return {
        "path": str(row.path),
        "id": row.path.id,
        "name": fields.get("name", row.path.id),
        "state": seen.state,
        "created_at": rfc3339(record.created_at),
        "heartbeat_at": rfc3339(seen.heartbeat),
        "duration": seen.duration,
        "job_type": fields.get("job_type"),
        "group": fields.get("group"),
        "tags": list(fields.get("tags") or ()),
        "sweep": fields.get("sweep"),
        "user": record.actor,
        "config": config_of(record),
        "summary": {key: each for key, each in seen.summary.items() if key != "_wandb"},
    }


def config_of(record: RunRecord) -> Facts:
    """The config as the user gave it."""
    from wbart.runs.page import plain_config

    return plain_config(record.fields.get("config") or {})


def rows(items: Iterable[RunRow]) -> Iterator[str]:
    """The runs as a table, with what all of them say of themselves."""
    told = [facts(item) for item in items]
    if not told:
        return
    head = ("RUN", "NAME", "STATE", "CREATED", "DURATION", "JOB TYPE")
    yield from words.table([head, *map(_cells, told)], right=[4])


def _cells(told: Facts) -> tuple[str, ...]:
    duration = told["duration"]
    return (
        told["id"],
        str(told["name"]),
        told["state"],
        words.moment(told["created_at"]),
        "-" if duration is None else words.duration(duration),
        str(told["job_type"] or "-"),
    )


def flat(told: Facts) -> Facts:
    """One row of a table: config and summary by dotted columns."""
    from wbart.query import flatten

    found = {key: each for key, each in told.items() if key not in ("config", "summary")}
    for part in ("config", "summary"):
        for key, each in flatten(told[part]).items():
            if not isinstance(each, dict):
                found[f"{part}.{key}"] = each
    return found
