"""`wbart rm`: versions, links and collections go into the trash."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from wbart.cli import exit_codes, words
from wbart.cli.failure import report
from wbart.cli.options import Command, call_of, writes
from wbart.cli.output import Output

if TYPE_CHECKING:
    from wbart.cli.call import Call
    from wbart.refs.refpath import Ref
    from wbart.workspace import Workspace


@click.command("rm", cls=Command)
@click.argument("refs", metavar="REF...", nargs=-1, required=True)
@click.option("--delete-aliases", is_flag=True, help="Also versions that aliases point to.")
@click.option("--collection", is_flag=True, help="Whole collections: REF is a bare NAME.")
@writes()
@click.pass_context
def command(
    ctx: click.Context, refs: tuple[str, ...], delete_aliases: bool, collection: bool
) -> None:
    """Delete versions; `wbart restore` brings them back for 7 days.

    REF says which version (NAME:v3, NAME:best). A link is removed, its source stays. Asks first
    on a terminal; without one it takes -y, or else is refused with 11. When some of several fail,
    it exits with 3.
    """
    from wbart.cli.asking import confirm
    from wbart.cli.session import opened, version_ref
    from wbart.refs.refpath import Ref

    call = call_of(ctx)
    parsed = [Ref.parse_collection(ref) if collection else version_ref(ref) for ref in refs]
    for ref in parsed:
        if not collection and ref.select is None:
            hint = f"{ref}:v0 or {ref}:latest; --collection for all of it"
            raise click.UsageError(f"say which version of {ref}: {hint}", ctx)
    with opened(call, *parsed) as workspace:
        # All are looked up before the first goes, so that a slip of the pen deletes nothing.
        doomed = [_find(workspace, ref, collection, delete_aliases) for ref in parsed]
        if not call.dry_run:
            confirm(call, f"delete {', '.join(each.name for each in doomed)}?")
        failed = _delete(call, workspace, doomed)
    if failed:
        ctx.exit(exit_codes.PARTLY)


@dataclass(frozen=True, slots=True)
class _Doomed:
    """A version, link or collection that is to go."""

    name: str
    what: str
    home: tuple[str, str, str]
    op: dict[str, object]

    def facts(self, dry_run: bool) -> dict[str, object]:
        return {"qualified_name": self.name, "deleted": self.what, "dry_run": dry_run}


def _find(workspace: Workspace, ref: Ref, collection: bool, delete_aliases: bool) -> _Doomed:
    from wbart.cli.session import home_of
    from wbart.fold.ops import Collection, Delete
    from wbart.refs.loading import load

    if collection:
        home = home_of(workspace, ref)
        versions = workspace.catalog.state(*home).versions
        live = words.count(sum(each.live for each in versions), "version")
        op = Collection(deleted=True).to_json()
        return _Doomed("/".join(home), f"collection ({live})", home, op)
    at = load(workspace, ref)
    op = Delete(version=at.place.number, delete_aliases=delete_aliases).to_json()
    what = "link" if at.is_link else "version"
    return _Doomed(at.place.qualified_name, what, at.place.home, op)


def _delete(call: Call, workspace: Workspace, doomed: list[_Doomed]) -> bool:
    """Delete one after the other; whether some, but not all, could not be deleted."""
    from wbart.errors import ModelError

    gone: list[_Doomed] = []
    failed: list[ModelError] = []
    for each in doomed:
        try:
            if not call.dry_run:
                _remove(workspace, each)
            gone.append(each)
        except ModelError as error:
            failed.append(error)
    word = "would delete" if call.dry_run else "deleted"
    Output(call).many(
        gone,
        facts=lambda each: each.facts(call.dry_run),
        human=lambda items: (f"{word} {each.what} {each.name}" for each in items),
        quiet=lambda each: each.name,
    )
    if failed and not gone:
        raise failed[0]
    for reason in failed:
        report(reason, machine=call.machine, verbose=False)
    return bool(failed)


def _remove(workspace: Workspace, doomed: _Doomed) -> None:
    from wbart.cli.session import loaded

    if doomed.what == "link":
        loaded(workspace, doomed.name).delete()
    else:
        workspace.catalog.commit(*doomed.home, doomed.op)
