"""`wbart get`: a version comes into a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from wbart.cli import words
from wbart.cli.options import Command, call_of, writes
from wbart.cli.output import Output

if TYPE_CHECKING:
    from wbart.artifact import Artifact
    from wbart.cli.call import Call
    from wbart.folders.download import Selection

LINKS = ("copy", "reflink", "hardlink", "symlink")


@click.command("get", cls=Command)
@click.argument("ref", metavar="REF")
@click.argument("folder", metavar="[DIR]", required=False)
@click.option("--include", multiple=True, metavar="GLOB", help="Only paths that match.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="No paths that match.")
@click.option("-t", "--type", "type_", metavar="TYPE", help="Fail unless it has this type.")
@click.option("--link", type=click.Choice(LINKS), help="How files come out of the store.")
@click.option(
    "--allow-missing-references", is_flag=True, help="Pass over references that are gone."
)
@writes()
@click.pass_context
def command(
    ctx: click.Context,
    ref: str,
    folder: str | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    type_: str | None,
    link: str | None,
    allow_missing_references: bool,
) -> None:
    """Download a version into a folder (default: ./artifacts/NAME:vN) and print the folder.

    Every byte is checked. Files that are right already stay, other files in the folder, too. With
    #PATH only that file or folder comes.
    """
    from wbart.cli.picking import picked
    from wbart.cli.session import loaded, opened
    from wbart.refs.refpath import Ref

    call = call_of(ctx)
    parsed = Ref.parse(ref)
    with opened(call, parsed) as workspace:
        artifact = loaded(workspace, parsed, type=type_)
        selection = picked(artifact, parsed.path, include, exclude)
        if call.dry_run:
            _plan(call, artifact, folder, selection)
            return
        root = _download(call, artifact, folder, selection, link, allow_missing_references)
    facts = {"qualified_name": artifact.qualified_name, "path": root}
    Output(call).one(facts, [root], [root])


def _download(
    call: Call,
    artifact: Artifact,
    folder: str | None,
    selection: Selection,
    link: Any,
    missing: bool,
) -> str:
    from wbart.cli.picking import count
    from wbart.cli.progress import meter
    from wbart_storage.clock import SystemClock

    clock = SystemClock()
    began = clock.monotonic()
    with meter(call) as progress:
        root = artifact.download(
            folder,
            allow_missing_references=missing,
            skip_cache=not call.use_cache,
            path_prefix=selection.prefix,
            include=selection.include,
            exclude=selection.exclude,
            link=link,
            progress=progress,
        )
    files, size = count(artifact, selection)
    amount = f"{words.count(files, 'file')}, {words.size(size)}"
    took = words.duration(clock.monotonic() - began)
    Output(call).say(f"{artifact.name}: {amount}, every byte checked, in {took}")
    return root


def _plan(call: Call, artifact: Artifact, folder: str | None, selection: Selection) -> None:
    from wbart.cli.picking import count
    from wbart.cli.session import committed_of
    from wbart.folders.root import download_root

    root = folder or download_root(committed_of(artifact))
    files, size = count(artifact, selection)
    facts = {
        "qualified_name": artifact.qualified_name,
        "path": root,
        "files": files,
        "size": size,
        "dry_run": True,
    }
    told = f"would write {words.count(files, 'file')}, {words.size(size)}, to {root}"
    Output(call).one(facts, [told], [root])
