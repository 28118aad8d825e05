"""No block and no example of the pages is left out, and none was bent to run."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache

import pytest
from tests.recipes.pages import HERE, PAGES, Block, blocks

COUNTS = {"S0": (58, 17), "S1": (0, 15), "S2": (3, 3), "S3": (20, 1), "S4": (36, 25)}
"""How many blocks, and how many examples within a line, each page has."""
SIGNATURE = "SIGNATURES"
"""What a test of all signatures is parametrized with."""


@cache
def named() -> dict[str, set[str]]:
    """The tests of this folder that name a block, by the number of the block."""
    found: dict[str, set[str]] = {}
    for path in HERE.glob("test_*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for each in ast.walk(node):
                    if isinstance(each, ast.Constant) and each.value in blocks():
                        found.setdefault(str(each.value), set()).add(f"{path.name}::{node.name}")
                    if isinstance(each, ast.Name) and each.id == SIGNATURE:
                        found.setdefault(SIGNATURE, set()).add(f"{path.name}::{node.name}")
    return found


@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_a_page_is_here(page: str) -> None:
    ids = [id.removeprefix(f"{page}-") for id in blocks() if id.startswith(page)]
    fenced, inline = COUNTS[page]

    assert ids == [
        *(f"{number:02}" for number in range(1, fenced + 1)),
        *(f"i{number:02}" for number in range(1, inline + 1)),
    ]


def test_no_block_was_changed() -> None:
    assert [block.id for block in blocks().values() if block.found != block.digest] == []


@pytest.mark.parametrize("block", blocks().values(), ids=blocks().keys())
def test_a_block_is_run(block: Block) -> None:
    assert (SIGNATURE if block.kind == "signature" else block.id) in named()


def test_the_kinds_of_blocks() -> None:
    assert Counter(block.kind for block in blocks().values()) == {
        "signature": 64, "code": 47, "output": 4, "shell": 2, "inline": 61,
    }  # fmt: skip
