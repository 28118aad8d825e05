"""`wbart checkout`: a folder becomes exactly a version."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from wbart.cli import words
from wbart.cli.options import Command, call_of, writes
from wbart.cli.output import Output

if TYPE_CHECKING:
    from wbart.artifact import Artifact
    from wbart.cli.call import Call
    from wbart.folders.plan import Plan
    from wbart.workspace import Workspace


@click.command("checkout", cls=Command)
@click.argument("ref", metavar="REF")
@click.argument("folder", metavar="[DIR]", required=False)
@click.option("--force", is_flag=True, help="Even into /, the home folder or a git checkout.")
@writes()
@click.pass_context
def command(ctx: click.Context, ref: str, folder: str | None, force: bool) -> None:
    """Make a folder (default: ./artifacts/NAME) exactly what a version says, and print it.

    Only what differs is written; files that the version lacks are removed. Of a folder that wbart
    did not fill nothing is removed unless somebody says yes, on the terminal or with -y.
    """
    from wbart.cli.session import committed_of, loaded, opened, version_ref
    from wbart.folders.checkout import check_root
    from wbart.folders.root import check_removed, checkout_root

    call = call_of(ctx)
    parsed = version_ref(ref)
    with opened(call, parsed) as workspace:
        artifact = loaded(workspace, parsed)
        at = committed_of(artifact)
        root = folder or checkout_root(at)
        check_root(at, root, force=force)
        if call.dry_run:
            plan = artifact.checkout_plan(root)
            if not force:
                check_removed(root, plan.remove)
        else:
            _check(call, workspace, artifact, root)
            plan = _do(call, artifact, root, force)
    output = Output(call)
    facts = {
        "qualified_name": artifact.qualified_name,
        "path": root,
        "written": plan.write,
        "removed": plan.remove,
        "kept": plan.keep,
        "dry_run": call.dry_run,
    }
    lines = [f"+  {path}" for path in plan.write] + [f"-  {path}" for path in plan.remove]
    output.one(facts, map(words.one_line, lines) if call.dry_run else [root], [root])
    output.say(f"{artifact.name}: {_told(plan, call.dry_run)}")


def _check(call: Call, workspace: Workspace, artifact: Artifact, root: str) -> None:
    """Files that wbart did not put there are not removed unasked."""
    from wbart.cli.asking import confirm
    from wbart.folders import origin

    if origin.filled(workspace, root) or not (os.path.isdir(root) and os.listdir(root)):
        return
    remove = artifact.checkout_plan(root).remove
    if remove:
        files = words.count(len(remove), "file")
        confirm(call, f"{root} was not filled by wbart; remove {files} that the version lacks?")


def _do(call: Call, artifact: Artifact, root: str, force: bool) -> Plan:
    from wbart.cli.progress import meter
    from wbart.cli.session import committed_of
    from wbart.folders.checkout import made

    with meter(call) as progress:
        return made(committed_of(artifact), root, force=force, progress=progress)


def _told(plan: Plan, dry_run: bool) -> str:
    would = "would be " if dry_run else ""
    written = f"{words.count(len(plan.write), 'file')} {would}written ({words.size(plan.size)})"
    return f"{written}, {len(plan.remove):,} {would}removed, {plan.keep:,} kept"
