"""`wbart diff`: what changes from one version to another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from wbart.cli import exit_codes, words
from wbart.cli.options import Command, call_of
from wbart.cli.output import Output

if TYPE_CHECKING:
    from wbart_manifest.diff import Change
    from wbart_manifest.entry import Entry

MARKS = {"added": "A", "changed": "M", "removed": "D"}
"""Git's letters."""


@click.command("diff", cls=Command)
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.pass_context
def command(ctx: click.Context, before: str, after: str) -> None:
    """Compare two versions, A and B; exit with 20 when they differ.

    Lines begin with A (added in B), M (other content) or D (not in B), as git's do.
    """
    from wbart.cli.facts import entry_facts
    from wbart.cli.session import committed_of, loaded, opened, version_ref

    call = call_of(ctx)
    first, second = version_ref(before), version_ref(after)
    tally = _Tally()

    def facts(change: Change) -> dict[str, object]:
        old, new = change.before, change.after
        return {
            "path": change.path,
            "change": kind(change),
            "before": None if old is None else entry_facts(old, algorithm),
            "after": None if new is None else entry_facts(new, algorithm),
        }

    with opened(call, first, second) as workspace:
        a, b = loaded(workspace, first), loaded(workspace, second)
        algorithm = committed_of(a).manifest.algorithm
        output = Output(call)
        output.many(
            tally.watch(a.diff(b)),
            facts=facts,
            human=lambda changes: map(_line, changes),
            quiet=lambda change: change.path,
        )
        output.say(tally.told(a.name, b.name))
    ctx.exit(exit_codes.DIFFERENT if tally.counts else exit_codes.DONE)


def kind(change: Change) -> str:
    """`added`, `removed` or `changed`."""
    if change.before is None:
        return "added"
    return "removed" if change.after is None else "changed"


class _Tally:
    """Counts changes on their way to the output."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._grown = 0

    def watch(self, changes: Iterable[Change]) -> Iterator[Change]:
        for change in changes:
            self.counts[kind(change)] += 1
            self._grown += _size(change.after) - _size(change.before)
            yield change

    def told(self, before: str, after: str) -> str:
        if not self.counts:
            return f"{before} and {after} have the same content"
        parts = ", ".join(f"{self.counts[word]:,} {word}" for word in MARKS)
        sign = "-" if self._grown < 0 else "+"
        return f"{before} to {after}: {parts}; {sign}{words.size(abs(self._grown))}"


def _line(change: Change) -> str:
    sizes = " -> ".join(words.size(e.size) for e in (change.before, change.after) if e is not None)
    return f"{MARKS[kind(change)]}  {words.one_line(change.path)}  ({sizes})"


def _size(entry: Entry | None) -> int:
    return entry.size or 0 if entry is not None else 0
