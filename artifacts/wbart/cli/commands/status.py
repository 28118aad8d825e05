"""`wbart status`: a folder against the version it was written from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from wbart.cli import exit_codes, words
from wbart.cli.options import Command, call_of
from wbart.cli.output import Output

if TYPE_CHECKING:
    from wbart.artifact import Artifact
    from wbart.cli.compared import Compared
    from wbart.workspace import Workspace


@click.command("status", cls=Command)
@click.argument("folder", metavar="[DIR]", default=".")
@click.pass_context
def command(ctx: click.Context, folder: str) -> None:
    """Compare a folder with the version it came from; exit with 20 when it differs.

    Quick: files that look untouched are not read (`verify` reads all). Lines begin with M
    (changed), D (missing) or ? (not of the version). Says, too, when there is a newer version.
    """
    from wbart.cli.compared import compare, origin_of
    from wbart.cli.session import loaded, opened

    call = call_of(ctx)
    with opened(call) as workspace:
        artifact = loaded(workspace, origin_of(workspace, folder))
        found = compare(artifact, folder)
        newest = _newest(workspace, artifact)
    facts = {
        "path": folder,
        "qualified_name": artifact.qualified_name,
        "newest": newest,
        "clean": found.clean,
        "same": found.same,
        "changed": found.changed,
        "missing": found.missing,
        "extra": found.extra,
    }
    output = Output(call)
    output.one(facts, _lines(found), (path for _, path in found.marked()))
    output.say(_told(artifact.name, found))
    if newest != artifact.version:
        output.say(f"there is a newer version: {newest}")
    ctx.exit(exit_codes.DONE if found.clean else exit_codes.DIFFERENT)


def _lines(found: Compared) -> Iterator[str]:
    return (f"{mark}  {words.one_line(path)}" for mark, path in found.marked())


def _told(name: str, found: Compared) -> str:
    if found.clean:
        return f"exactly {name}: {words.count(found.same, 'file')}"
    counts = (("changed", found.changed), ("missing", found.missing), ("extra", found.extra))
    told = ", ".join(f"{len(paths):,} {word}" for word, paths in counts if paths)
    return f"not {name}: {told}; {words.count(found.same, 'file')} the same"


def _newest(workspace: Workspace, artifact: Artifact) -> str:
    """The newest live version of the collection; the artifact's own is live, so there is one."""
    from wbart.cli.session import committed_of
    from wbart.refs.resolve import View

    state = workspace.catalog.state(*committed_of(artifact).place.home)
    newest = View(state, workspace.store.clock.now()).newest()
    return artifact.version if newest is None else f"v{newest.number}"
