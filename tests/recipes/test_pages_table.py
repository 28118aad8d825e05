"""artifacts/PAGES.md: a row for each name of the pages, whose test and whose member are there."""

from __future__ import annotations

import ast
import builtins
import inspect
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.artifacts.world import World
from tests.recipes.pages import names

import wbart
from wbart import calls, errors
from wbart.api import Api
from wbart.apis import importers, public
from wbart.apis.importers.mlflow import MlflowImporter, MlflowRun
from wbart.media.value import WBValue
from wbart.registry.listing import RegistryCollections as Collections

TESTS = Path(__file__).parents[1]
TABLE = TESTS.parent / "artifacts" / "PAGES.md"
VERDICTS = {"same", "better", "instead"}
NAME = re.compile(r"(?P<owner>[\w.]+?)(\.(?P<member>\w+))?(\((?P<parameter>\w+)\))?")
WORDS = (
    "filter.", "order.", "overrides.", "registry-filter.", "reference.", "file.", "pip.", "shell.",
    "pandas.", "polars.", "api-key", "plots",
)  # fmt: skip
"""How names begin that are no member of a class: words of filters, kinds of URIs, commands."""
NONE = {
    *(f"Api.{name}_QUERY" for name in ("DEFAULT_ENTITY", "USERS", "VIEWER")),
    *(f"Run({name})" for name in ("client", "entity", "project", "run_id", "attrs")),
    *("Api.CREATE_PROJECT", "Run(include_sweeps)", "Runs(client)", "Runs(service_api)"),
    *("public.RunQueueResourceType", "public.RunQueuePrioritizationMode"),
    *("RetryingClient", "ServiceApi"),
}
"""What speaks of W&B's server, and has no counterpart: the row says what there is instead."""


class Row(NamedTuple):
    """A line of the table."""

    name: str
    pages: str
    verdict: str
    how: str
    test: str


@cache
def rows() -> list[Row]:
    lines = (line for line in TABLE.read_text(encoding="utf-8").splitlines() if "`" in line)
    cells = ([cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line[0] == "|")
    return [Row(found[0].strip("`"), *found[1:]) for found in cells]


@cache
def known() -> dict[str, str]:
    """The names of the pages, with the pages of each."""
    found: dict[str, list[str]] = {}
    for page, name in names():
        found.setdefault(name, []).append(page)
    return {name: " ".join(pages) for name, pages in found.items()}


@cache
def _defined_in(path: str) -> set[str]:
    tree = ast.parse((TESTS / path).read_text(encoding="utf-8"))
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_each_name_of_the_pages_has_one_row_and_no_other_has_any() -> None:
    assert Counter(row.name for row in rows()) == Counter(list(known()))


def test_the_pages_name_as_much_as_they_did() -> None:
    """Counted once, with the pages in hand; a name does not get lost on the way."""
    assert len(known()) == 453
    counts = Counter(page for page, _ in names())
    assert counts == {"S0": 256, "S1": 133, "S2": 27, "S3": 62, "S4": 69}


@pytest.mark.parametrize("row", rows(), ids=[row.name for row in rows()])
def test_a_row_is_whole(row: Row) -> None:
    assert all(row)
    assert row.verdict in VERDICTS
    assert row.pages == known()[row.name]
    path, _, test = row.test.partition("::")
    assert test in _defined_in(path)


@pytest.fixture
def owners(place: World) -> dict[str, Any]:
    """What has the members that the pages name: objects where they come with the object."""
    with calls.init(id="r") as live:
        live.log({"loss": 1})
    run = Api().run("r")
    artifact = place.draft("text")
    artifact.save()
    return {
        "Api": Api(),
        "Run": run,
        "Runs": Api().runs(),
        "Artifact": artifact,
        "WBValue": WBValue,
        "summary": run.summary,
        "errors": errors,
        "errors.CommError": errors.CommError("lost"),
        "media": wbart,
        "wandb": wbart,
        "wandb.Run": live,
        "public": public,
        "public.Registries": public.Registries,
        "public.Collections": Collections,
        "public.File": run.files()[0],
        "public.Sweep": public.Sweep,
        "importers": importers,
        "importers.mlflow": importers.mlflow,
        "importers.mlflow.MlflowImporter": MlflowImporter,
        "importers.mlflow.MlflowRun": MlflowRun,
    }


def test_each_member_is_there_with_the_parameters_of_the_page(owners: dict[str, Any]) -> None:
    asked = [row.name for row in rows() if not _is_spoken(row)]

    assert [name for name in asked if not _is_there(name, owners)] == []


def _is_spoken(row: Row) -> bool:
    """Whether the name is that of no member of ours; only what is done instead may be none."""
    if row.name in NONE:
        assert row.verdict == "instead"
        return True
    return row.name.startswith(WORDS)


def _is_there(name: str, owners: dict[str, Any]) -> bool:
    found = NAME.fullmatch(name)
    assert found, name
    owner, member, parameter = found["owner"], found["member"], found["parameter"]
    thing = owners[owner]
    if member is not None:
        if owner == "errors" and hasattr(builtins, member):
            return True
        has = hasattr(thing, member) if inspect.ismodule(thing) else member in dir(thing)
        if not has or parameter is None:
            return has
        thing = getattr(thing, member)
    elif parameter is not None and not inspect.isclass(thing):
        thing = type(thing)
    return parameter is None or parameter in inspect.signature(thing).parameters
