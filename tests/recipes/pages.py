"""What W&B's five pages have of code, and how it is run: as it stands there, as wbart.

`blocks/` has every block and every inline example of the pages by number, `names.txt` every name
that the pages tell of.
"""

from __future__ import annotations

import ast
import doctest
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import wbart

HERE = Path(__file__).parent
PAGES = ("S0", "S1", "S2", "S3", "S4")
PLACES = {"<entity>": "entity", "<project>": "project", "<run_id>": "run_id"}
"""What the pages' placeholders become in the store of the tests."""

Fill = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class Block:
    """A block of a page: code, a signature, an output, a shell command or an inline example."""

    id: str
    kind: str
    digest: str
    text: str

    @property
    def found(self) -> str:
        """The digest of the text that is here."""
        return sha256(self.text.encode()).hexdigest()[:12]


@cache
def blocks() -> dict[str, Block]:
    """All blocks, by number."""
    read = (tomllib.loads((HERE / "blocks" / f"{page}.toml").read_text()) for page in PAGES)
    return {block["id"]: Block(**block) for page in read for block in page["block"]}


def text(id: str) -> str:
    """What the page has there."""
    return blocks()[id].text


def names() -> Iterator[tuple[str, str]]:
    """Each name that the pages tell of, with its page: `Api.artifact`, `Api.artifact(name)`."""
    for line in (HERE / "names.txt").read_text().splitlines():
        page, name = line.split(" ", 1)
        yield page, name


def filled(id: str, fill: Fill) -> str:
    """A block as Python that runs: placeholders filled in, wbart for wandb, prompts taken off.

    A list of fillings is used up from place to place.
    """
    code = text(id)
    for old, new in {**PLACES, **fill}.items():
        each = iter([new] * code.count(old) if isinstance(new, str) else new)
        code = re.sub(re.escape(old), lambda _, each=each: next(each), code)  # type: ignore[misc]
    if code.startswith(">>>"):
        code = doctest.script_from_examples(code)
    code = re.sub(r"^import wandb$", "import wbart as wandb", code, flags=re.MULTILINE)
    return re.sub(r"^from wandb\b", "from wbart", code, flags=re.MULTILINE)


def ran(id: str, fill: Fill | None = None, **variables: Any) -> dict[str, Any]:
    """Run a block; its variables afterwards, `_` the value of a last line that is one."""
    code = ast.parse(filled(id, fill or {}), id)
    found: dict[str, Any] = {"wandb": wbart, **variables}
    last = code.body.pop() if isinstance(code.body[-1], ast.Expr) else None
    exec(compile(code, id, "exec"), found)
    if isinstance(last, ast.Expr):
        found["_"] = eval(compile(ast.Expression(last.value), id, "eval"), found)
    return found
