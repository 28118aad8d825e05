"""`wbart lineage`: what a version came from, and what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from wbart.cli import words
from wbart.cli.options import Command, call_of
from wbart.cli.output import Output

if TYPE_CHECKING:
    from wbart.lineage.graph import Lineage

FORMATS = ("text", "dot", "mermaid", "svg", "html", "json")


@click.command("lineage", cls=Command)
@click.argument("ref", metavar="REF")
@click.option("--up", is_flag=True, help="What it came from (the default).")
@click.option("--down", is_flag=True, help="What came of it; with --up both.")
@click.option("--depth", type=click.IntRange(min=0), metavar="N", help="At most N edges away.")
@click.option("--as", "form", type=click.Choice(FORMATS), help="Form of the graph.")
@click.option("-o", "--output", metavar="FILE", help="Write it there; the ending tells the form.")
@click.pass_context
def command(
    ctx: click.Context,
    ref: str,
    up: bool,
    down: bool,
    depth: int | None,
    form: str | None,
    output: str | None,
) -> None:
    """Tell which runs and versions a version came from, or what came of it.

    As a tree, as a graph for Graphviz or Mermaid, or as one HTML file with a picture.
    """
    from wbart.cli.session import opened, version_ref
    from wbart.lineage.walk import walk
    from wbart.refs.loading import load

    call = call_of(ctx)
    parsed = version_ref(ref)
    wanted = form or _by_ending(output) or ("json" if call.machine else "text")
    with opened(call, parsed) as workspace:
        direction = "both" if up and down else "down" if down else "up"
        found = walk(load(workspace, parsed), direction, depth)
    out = Output(call)
    if wanted == "json" and output is None:
        out.one(found.to_json(), [], [node.name for node in found.nodes.values()])
        return
    drawn = _drawn(found, wanted)
    if output is None:
        out.line(drawn.rstrip("\n"))
        return
    Path(output).write_text(drawn.rstrip("\n") + "\n", encoding="utf-8")
    out.one({"path": output, "form": wanted}, [output], [output])


_ENDINGS = {
    ".txt": "text",
    ".dot": "dot",
    ".gv": "dot",
    ".mmd": "mermaid",
    ".svg": "svg",
    ".html": "html",
    ".htm": "html",
    ".json": "json",
}


def _by_ending(path: str | None) -> str | None:
    return None if path is None else _ENDINGS.get(Path(path).suffix.lower())


def _drawn(found: Lineage, form: str) -> str:
    import json

    match form:
        case "dot":
            return found.to_dot()
        case "mermaid":
            return found.to_mermaid()
        case "svg":
            return found.to_svg()
        case "html":
            return found.to_html()
        case "json":
            return json.dumps(found.to_json(), ensure_ascii=False, indent=2)
    return words.plain(found.to_text())
