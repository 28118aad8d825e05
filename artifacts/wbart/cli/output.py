"""Results: to stdout, in the form that was asked for. Words go to stderr.

`human` (and `auto`) is text for people, `json` one document, `jsonl` one object a line, `quiet`
the bare names. A document of many things is written while they come, so memory stays bounded.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import click

from wbart.cli.call import Call
from wbart.cli.words import one_line

Facts = Mapping[str, object]
Item = TypeVar("Item")


class Output:
    """Prints the results of one call."""

    def __init__(self, call: Call) -> None:
        self._format = call.format

    def one(self, facts: Facts, human: Iterable[str], quiet: Iterable[str]) -> None:
        """Print one result; human and quiet are its lines in those forms."""
        if self._format == "json":
            self.line(json.dumps(facts, ensure_ascii=False, indent=2))
        elif self._format == "jsonl":
            self.line(encode(facts))
        else:
            self.lines(quiet if self._format == "quiet" else human)

    def many(
        self,
        items: Iterable[Item],
        facts: Callable[[Item], Facts],
        human: Callable[[Iterable[Item]], Iterable[str]],
        quiet: Callable[[Item], str],
    ) -> None:
        """Print results one by one as they come."""
        if self._format == "json":
            self._document(map(facts, items))
        elif self._format == "jsonl":
            self.lines(encode(facts(item)) for item in items)
        elif self._format == "quiet":
            self.lines(map(quiet, items))
        else:
            self.lines(human(items))

    def say(self, text: str) -> None:
        """Tell the person something that is no result, unless only results are wanted."""
        if self._format in ("auto", "human"):
            click.echo(one_line(text), err=True)

    def warn(self, text: str) -> None:
        """Tell something that nobody should miss, whatever the form."""
        click.echo(f"wbart: {one_line(text)}", err=True)

    def lines(self, lines: Iterable[str]) -> None:
        """Print lines as they are."""
        for line in lines:
            self.line(line)

    def line(self, line: str) -> None:
        """Print one line as it is."""
        # None when stdout was closed before we were started.
        if sys.stdout is not None:
            sys.stdout.write(f"{line}\n")

    def _document(self, facts: Iterable[Facts]) -> None:
        before = "["
        for each in facts:
            self.line(f"{before}{encode(each)}" if before == "[" else f",{encode(each)}")
            before = ","
        self.line("[]" if before == "[" else "]")


def encode(facts: Facts) -> str:
    """The facts as JSON on one line."""
    import msgspec

    try:
        return msgspec.json.encode(facts).decode()
    except UnicodeEncodeError:
        # A local file name that is no UTF-8: escaped, since JSON has no bytes.
        return json.dumps(facts)
