"""The history of aliases: who moved which one when, where it was at a time, and how to undo."""

from __future__ import annotations

from wbart.errors import ArtifactNotFound
from wbart.fold import ops
from wbart.fold.state import AliasMove, CollectionState


def history(state: CollectionState, alias: str | None = None) -> list[AliasMove]:
    """The moves of one alias, or of all, newest first."""
    return [move for move in reversed(state.moves) if alias in (None, move.alias)]


def holder_at(state: CollectionState, alias: str, seconds: float) -> int | None:
    """The number of the version that held the alias at that time; None: nobody did."""
    for move in reversed(state.moves):
        if move.alias == alias and move.at <= seconds:
            return move.after
    return None


def undo(state: CollectionState, alias: str) -> ops.Alias:
    """The op that takes back the last move of the alias; undone twice, it is as before.

    It expects that nobody moved the alias meanwhile, so a race ends in a Conflict.
    Raises ArtifactNotFound when the alias never moved, or its version is gone.
    """
    last = next((move for move in reversed(state.moves) if move.alias == alias), None)
    if last is None:
        raise ArtifactNotFound(f"alias {alias!r} of {state.name!r} has never been set")
    expect = ops.Expect(aliases={alias: last.after})
    if last.before is not None:
        version = state.versions[last.before]
        if not version.live:
            raise ArtifactNotFound(
                f"'{state.name}:v{last.before}', which held {alias!r} before, is {version.state}"
            )
        return ops.Alias(version=last.before, add=(alias,), expect=expect)
    if last.after is None:
        raise ArtifactNotFound(f"alias {alias!r} of {state.name!r} has never been set")
    return ops.Alias(version=last.after, remove=(alias,), expect=expect)
