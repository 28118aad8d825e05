"""`wbart restore`: out of the trash again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wbart.cli.options import Command, call_of, writes
from wbart.cli.output import Output

if TYPE_CHECKING:
    from wbart.refs.refpath import Ref
    from wbart.workspace import Workspace


@click.command("restore", cls=Command)
@click.argument("ref", metavar="NAME:vN")
@click.option("--collection", is_flag=True, help="A whole collection: REF is a bare NAME.")
@writes()
@click.pass_context
def command(ctx: click.Context, ref: str, collection: bool) -> None:
    """Bring back a deleted version, with those of its aliases that nobody took meanwhile.

    `wbart ls --trash NAME:` lists what can be restored.
    """
    from wbart.cli.session import home_of, opened, version_ref
    from wbart.refs.refpath import Ref

    call = call_of(ctx)
    parsed = Ref.parse_collection(ref) if collection else version_ref(ref)
    if not collection and (parsed.select is None or parsed.select.kind != "version"):
        raise click.UsageError(f"name the version by its number: {parsed.collection}:v0", ctx)
    with opened(call, parsed) as workspace:
        name = "/".join(home_of(workspace, parsed)) + str(parsed.select or "")
        changed = _restore(workspace, parsed, dry_run=call.dry_run)
    facts = {"qualified_name": name, "changed": changed, "dry_run": call.dry_run}
    told = ("would restore" if call.dry_run else "restored") if changed else "not in the trash:"
    Output(call).one(facts, [f"{told} {name}"], [name])


def _restore(workspace: Workspace, ref: Ref, *, dry_run: bool) -> bool:
    """Whether it was in the trash."""
    from wbart.cli.session import home_of
    from wbart.fold.ops import Collection, Restore
    from wbart.names import version_number

    home = home_of(workspace, ref)
    if ref.select is None:
        before = workspace.catalog.exists(*home)
        if not dry_run:
            workspace.catalog.commit(*home, Collection(deleted=False).to_json())
        return not before
    number = version_number(ref.select.value) or 0
    if dry_run:
        return _in_trash(workspace, home, number)
    outcome = workspace.catalog.commit(*home, Restore(version=number).to_json())[-1]
    return bool(outcome["changed"])


def _in_trash(workspace: Workspace, home: tuple[str, str, str], number: int) -> bool:
    from wbart.fold.version import find

    return find(workspace.catalog.state(*home), number).state == "deleted"
