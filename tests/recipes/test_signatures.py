"""Each signature on W&B's pages: wbart's method takes the same names, with the same defaults."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.recipes.pages import Block, blocks

from wbart.apis import public
from wbart.projects.paginator import Paginator

SIGNATURES = [block for block in blocks().values() if block.kind == "signature"]
PAGERS: dict[str, type[Paginator[Any]]] = {
    "artifact_collections": public.ArtifactCollections,
    "artifact_versions": public.Artifacts,
    "artifacts": public.Artifacts,
    "projects": public.Projects,
    "reports": public.Reports,
    "__init__": public.Runs,
    "runs": public.Runs,
    "files": public.Files,
    "logged_artifacts": public.RunArtifacts,
    "used_artifacts": public.RunArtifacts,
}
"""Lists whose page size is what `per_page=None` means: the number that the page has there."""
MADE = {"S0-43": "Run", "S3-01": "Run", "S2-01": "Runs"}
"""Classes that no script makes by hand: they take an open store where W&B's take its client."""
NEWER = {("artifacts", "per_page"): ["order"], ("artifacts", "tags"): ["order"]}
"""What the pages do not know yet, and W&B since 0.28 has in front of a parameter."""


def owner(block: Block) -> type[Any]:
    """The class whose page, or part of a page, a signature stands in."""
    page, number = block.id.split("-")
    if page == "S2":
        return public.Runs
    return public.Api if page == "S0" and int(number) < 43 else public.Run


def read(block: Block) -> tuple[str, dict[str, object]]:
    """Name, and parameters with their defaults, as a page spells them."""
    code = block.text.removeprefix("@classmethod\n").replace("→", "->")
    if not re.search(r"-> .*$", code):
        code += " -> None"
    [found] = ast.parse(f"def {code}: ...").body
    assert isinstance(found, ast.FunctionDef)
    said = found.args
    parameters = dict.fromkeys((each.arg for each in said.args), inspect.Parameter.empty)
    known: dict[str, object] = dict(parameters)
    for each, default in zip(reversed(said.args), reversed(said.defaults), strict=False):
        known[each.arg] = ast.literal_eval(default)
    for each, given in zip(said.kwonlyargs, said.kw_defaults, strict=True):
        known[each.arg] = inspect.Parameter.empty if given is None else ast.literal_eval(given)
    return found.name, known


def of(method: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    found = dict(inspect.signature(method).parameters)
    found.pop("self", None)
    return found


@pytest.mark.parametrize("block", SIGNATURES, ids=lambda block: block.id)
def test_a_signature_takes_what_the_page_says(block: Block) -> None:
    name, page = read(block)
    if block.id in MADE or name == "Api":
        method: Callable[..., Any] = owner(block).__init__
    else:
        method = getattr(owner(block), name)
    ours = of(method)
    if block.id in MADE:
        page = {each: page[each] for each in page if each in ours}
        assert MADE[block.id] == "Run" or {"entity", "project", "filters"} <= page.keys()

    assert list(page) == [each for each in ours if each in page], "names, in the same order"
    for each, default in page.items():
        found = ours[each].default
        if each == "per_page" and found is None:
            assert default == PAGERS[name].PER_PAGE
        elif default is not inspect.Parameter.empty or each not in ("entity", "path"):
            assert found == default, each


@pytest.mark.parametrize("block", SIGNATURES, ids=lambda block: block.id)
def test_what_the_page_takes_by_position_comes_by_position(block: Block) -> None:
    name, page = read(block)
    if block.id in MADE:
        return
    ours = of(owner(block).__init__ if name == "Api" else getattr(owner(block), name))
    for index, each in enumerate(page):
        before = list(ours)[: list(ours).index(each)]
        newer = NEWER.get((name, each), [])
        assert [name for name in before if name not in newer] == list(page)[:index], each
