"""`lineage` and `why`."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from tests.cli.conftest import Shell


@pytest.fixture
def family(wbart: Shell) -> Shell:
    """raw:v0 was used by the run `clean`, which logged clean:v0."""
    wbart.put("raw", {"a": "1"})
    wbart("exec", "raw", "--name", "clean", "--out", "made:clean", "--", "mkdir", "made")
    return wbart


def test_a_tree_tells_what_came_from_what(family: Shell) -> None:
    up = family("lineage", "clean").out.splitlines()
    down = family("lineage", "raw", "--down").out

    assert up[0] == "default/uncategorized/clean:v0 (dataset)"
    assert up[1].startswith("└─ logged by run default/uncategorized/")
    assert up[2] == "   └─ used default/uncategorized/raw:v0 (dataset)"
    assert "logged default/uncategorized/clean:v0" in down
    assert "…" in family("lineage", "raw", "--down", "--depth", "1").out


def test_a_graph_comes_in_the_form_that_was_asked_for(family: Shell) -> None:
    assert family("lineage", "clean", "--as", "dot").out.startswith("digraph")
    assert family("lineage", "clean", "--as", "mermaid").out.startswith("flowchart")
    assert ElementTree.fromstring(family("lineage", "clean", "--as", "svg").out) is not None
    told = family("lineage", "clean", "--up", "--down", "--json").json
    assert (told["direction"], len(told["nodes"]), len(told["edges"])) == ("both", 3, 2)


def test_a_file_has_the_form_that_its_ending_tells(family: Shell) -> None:
    told = family("lineage", "clean", "-o", "page.html", "--json").json

    assert told == {"path": "page.html", "form": "html"}
    assert (family.folder / "page.html").read_text().startswith("<!doctype html>")


def test_why_tells_who_needs_a_version(family: Shell) -> None:
    family("link", "raw", "shelf")

    told = family("why", "raw", "--json").json

    assert told["aliases"] == ["latest"]
    assert [run["state"] for run in told["used_by"]] == ["finished"]
    assert told["links"] == ["default/uncategorized/shelf:v0"]
    assert len(told["breaks"]) == 3
    assert "Without it:" in family("why", "raw").out


def test_why_finds_who_refers_to_it(wbart: Shell) -> None:
    wbart.put("raw", {"a": "1"})
    id = wbart("show", "raw", "--json").json["id"]
    wbart("put", f"wandb-artifact://{id}/a", "-n", "other", "-q")

    told = wbart("why", "raw", "--json").json

    assert told["referrers"] == [{"name": "default/uncategorized/other:v0", "entries": 1}]
    assert wbart("why", "raw", "--no-references", "--json").json["referrers"] == []


def test_check_ends_with_eleven_only_if_something_would_break(family: Shell) -> None:
    family("alias", "rm", "clean", "latest")

    assert "Nothing would break" in family("why", "clean", "--check").out
    family("why", "raw", "--check", code=11)
    family("why", "nothing", code=4)
