"""`wbart why`: who needs a version, and what would break without it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from wbart.cli import exit_codes, words
from wbart.cli.options import Command, call_of
from wbart.cli.output import Output

if TYPE_CHECKING:
    from wbart.lineage.graph import Node
    from wbart.lineage.why import Why


@click.command("why", cls=Command)
@click.argument("ref", metavar="REF")
@click.option("--check", is_flag=True, help="End with 11 when something would break.")
@click.option(
    "--no-references", is_flag=True, help="Do not read all manifests to find who refers to it."
)
@click.pass_context
def command(ctx: click.Context, ref: str, check: bool, no_references: bool) -> int:
    """Tell who uses a version (runs, aliases, links, references), and what would break without it.

    Ends with 0 whatever it finds, unless --check is given.
    """
    from wbart.cli.session import opened, version_ref
    from wbart.lineage.why import why
    from wbart.refs.loading import load

    call = call_of(ctx)
    parsed = version_ref(ref)
    with opened(call, parsed) as workspace:
        found = why(load(workspace, parsed), references=not no_references)
    Output(call).one(_facts(found), _lines(found), found.breaks)
    return exit_codes.REFUSED if check and found.breaks else exit_codes.DONE


def _facts(found: Why) -> dict[str, object]:
    return {
        "qualified_name": found.name,
        "is_link": found.is_link,
        "aliases": list(found.aliases),
        "logged_by": [_run(node) for node in found.logged_by],
        "used_by": [_run(node) for node in found.used_by],
        "links": [node.name for node in found.links],
        "drafts": [node.name for node in found.drafts],
        "copies": [node.name for node in found.copies],
        "referrers": [{"name": each.name, "entries": each.entries} for each in found.referrers],
        "expires_at": found.expires_at,
        "kept_by_registry": found.kept_by_registry,
        "breaks": found.breaks,
    }


def _run(node: Node) -> dict[str, object]:
    return {"path": node.name, "state": node.state, "created_at": node.created_at}


def _lines(found: Why) -> Iterator[str]:
    yield found.name
    if found.aliases:
        yield f"  aliases: {', '.join(found.aliases)}"
    yield from _listed("logged by run", found.logged_by)
    yield from _listed("used by run", found.used_by)
    yield from _listed("linked as", found.links)
    yield from _listed("draft for", found.drafts)
    yield from _listed("copied as", found.copies)
    for each in found.referrers:
        entries = words.count(each.entries, "entry", "entries")
        yield f"  referred to by {each.name} ({entries})"
    if found.expires_at is not None:
        yield f"  expires {words.moment(found.expires_at)}"
    if found.kept_by_registry:
        yield "  a registry keeps it: it never expires"
    if found.breaks:
        yield "Without it:"
        yield from (f"  {words.one_line(sentence)}" for sentence in found.breaks)
    else:
        yield "Nothing would break without it."


def _listed(verb: str, nodes: Iterable[Node]) -> Iterator[str]:
    from wbart.lineage.text import described

    return (f"  {verb} {words.one_line(described(node)).removeprefix('run ')}" for node in nodes)
