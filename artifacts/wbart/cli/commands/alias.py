"""`wbart alias`: names that move, and where they have been."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from wbart.cli import words
from wbart.cli.options import Group, call_of, writes
from wbart.cli.output import Output

if TYPE_CHECKING:
    from wbart.cli.call import Call
    from wbart.fold.ops import Alias
    from wbart.fold.state import AliasMove, CollectionState
    from wbart.workspace import Workspace


@click.group("alias", cls=Group)
def command() -> None:
    """Set, remove and undo aliases; tell their history."""


@command.command("set")
@click.argument("ref", metavar="REF")
@click.argument("aliases", metavar="ALIAS...", nargs=-1, required=True)
@writes()
@click.pass_context
def set_(ctx: click.Context, ref: str, aliases: tuple[str, ...]) -> None:
    """Let aliases point to a version; each is taken off the version that held it."""
    from wbart import names
    from wbart.cli.session import opened, version_ref
    from wbart.fold.ops import Alias
    from wbart.refs.loading import load

    call = call_of(ctx)
    wanted = names.aliases(aliases)
    parsed = version_ref(ref)
    with opened(call, parsed) as workspace:
        place = load(workspace, parsed).place
        op = Alias(version=place.number, add=tuple(wanted))
        _change(call, workspace, place.home, [op], wanted)


@command.command("rm")
@click.argument("name", metavar="NAME")
@click.argument("aliases", metavar="ALIAS...", nargs=-1, required=True)
@writes()
@click.pass_context
def rm(ctx: click.Context, name: str, aliases: tuple[str, ...]) -> None:
    """Remove aliases from whichever versions of the collection hold them."""
    from wbart.cli.session import home_of, opened
    from wbart.errors import ArtifactNotFound
    from wbart.fold.ops import Alias
    from wbart.refs.refpath import Ref

    call = call_of(ctx)
    parsed = Ref.parse_collection(name)
    with opened(call, parsed) as workspace:
        home = home_of(workspace, parsed)
        held = dict(workspace.catalog.state(*home).aliases)
        for alias in aliases:
            if alias not in held:
                raise ArtifactNotFound(f"{name} has no alias {alias!r}")
        ops = [Alias(version=held[alias], remove=(alias,)) for alias in aliases]
        _change(call, workspace, home, ops, list(aliases))


@command.command("undo")
@click.argument("name", metavar="NAME")
@click.argument("alias", metavar="ALIAS")
@writes()
@click.pass_context
def undo(ctx: click.Context, name: str, alias: str) -> None:
    """Take back the last move of an alias; undone twice, it is as before."""
    from wbart.cli.session import home_of, opened
    from wbart.fold import alias_log
    from wbart.refs.refpath import Ref

    call = call_of(ctx)
    parsed = Ref.parse_collection(name)
    with opened(call, parsed) as workspace:
        home = home_of(workspace, parsed)
        op = alias_log.undo(workspace.catalog.state(*home), alias)
        _change(call, workspace, home, [op], [alias])


@command.command("log")
@click.argument("name", metavar="NAME")
@click.argument("alias", metavar="[ALIAS]", required=False)
@click.pass_context
def log(ctx: click.Context, name: str, alias: str | None) -> None:
    """Tell who moved an alias, or any, from where to where; newest first."""
    from wbart.cli.session import home_of, opened
    from wbart.fold import alias_log
    from wbart.refs.refpath import Ref

    call = call_of(ctx)
    parsed = Ref.parse_collection(name)
    with opened(call, parsed) as workspace:
        moves = alias_log.history(workspace.catalog.state(*home_of(workspace, parsed)), alias)
        Output(call).many(moves, facts=_move_facts, human=_move_rows, quiet=lambda m: m.alias)


def _change(
    call: Call, workspace: Workspace, home: tuple[str, str, str], ops: list[Alias], names: list[str]
) -> None:
    """Commit the ops in one step and tell where the aliases went; in a dry run tell only."""
    aliases = list(dict.fromkeys(names))
    before = _held(workspace.catalog.state(*home), aliases)
    if call.dry_run:
        after = dict(before)
        for op in ops:
            after |= {**dict.fromkeys(op.remove), **dict.fromkeys(op.add, f"v{op.version}")}
    else:
        workspace.catalog.commit(*home, *(op.to_json() for op in ops))
        after = _held(workspace.catalog.state(*home), aliases)
    name = "/".join(home)
    Output(call).many(
        aliases,
        facts=lambda alias: {
            "collection": name,
            "alias": alias,
            "before": before[alias],
            "after": after[alias],
            "dry_run": call.dry_run,
        },
        human=lambda each: (f"{alias}: {_told(before[alias], after[alias])}" for alias in each),
        quiet=lambda alias: f"{name}:{after[alias] or ''}",
    )


def _held(state: CollectionState, aliases: list[str]) -> dict[str, str | None]:
    numbers = {alias: state.aliases.get(alias) for alias in aliases}
    return {alias: None if n is None else f"v{n}" for alias, n in numbers.items()}


def _told(before: str | None, after: str | None) -> str:
    if before == after:
        return f"{after or 'nowhere'}, as before"
    return f"{before or 'nowhere'} -> {after or 'nowhere'}"


def _move_facts(move: AliasMove) -> dict[str, object]:
    from wbart_storage.clock import rfc3339

    return {
        "alias": move.alias,
        "before": None if move.before is None else f"v{move.before}",
        "after": None if move.after is None else f"v{move.after}",
        "at": rfc3339(move.at),
        "actor": move.actor,
        "seq": move.seq,
    }


def _move_rows(moves: Iterable[AliasMove]) -> Iterator[str]:
    found = [_move_facts(move) for move in moves]
    return words.table(
        (words.moment(str(f["at"])), str(f["actor"]), str(f["alias"]), _told_move(f)) for f in found
    )


def _told_move(facts: dict[str, object]) -> str:
    return f"{facts['before'] or 'nowhere'} -> {facts['after'] or 'nowhere'}"
