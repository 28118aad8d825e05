"""`wbart show`: all facts of a version."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import click

from wbart.cli import words
from wbart.cli.options import Command, call_of
from wbart.cli.output import Output


@click.command("show", cls=Command)
@click.argument("ref", metavar="REF")
@click.pass_context
def command(ctx: click.Context, ref: str) -> None:
    """Tell all that is known of a version: names, digest, size, labels, metadata, times, links."""
    from wbart.cli.facts import version_facts
    from wbart.cli.session import opened, version_ref
    from wbart.refs.loading import load

    call = call_of(ctx)
    parsed = version_ref(ref)
    with opened(call, parsed) as workspace:
        facts = version_facts(load(workspace, parsed))
        facts["store"] = workspace.store.url
    Output(call).one(facts, _lines(facts), [str(facts["qualified_name"])])


def _lines(facts: Mapping[str, object]) -> Iterator[str]:
    """A line for each fact that there is, in the order of the facts."""
    shown = {
        key.replace("_", " "): _text(key, value)
        for key, value in facts.items()
        if value not in (None, [], {}, False, "") and key not in _PARTS
    }
    width = max(map(len, shown))
    for key, text in shown.items():
        first, *more = words.plain(text).splitlines() or [""]
        yield f"{key:<{width}}  {first}"
        yield from (f"{'':<{width}}  {line}" for line in more)


_PARTS = ("entity", "project", "name", "version")
"""Said by the qualified name already."""


def _text(key: str, value: object) -> str:
    if key == "size" and isinstance(value, int):
        return f"{words.size(value)} ({value:,} bytes)"
    if key == "ttl" and isinstance(value, int):
        return words.duration(value)
    if key == "logged_by" and isinstance(value, Mapping):
        return "/".join(map(str, value.values()))
    if key.endswith("_at"):
        return words.moment(str(value))
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False, indent=2)
    return str(value)
