"""The lineage of a version: what is in it, and how it is told and drawn."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.artifacts.house import House

from wbart.artifact import Artifact
from wbart.calls import init
from wbart.lineage.graph import Flow, Lineage, Node
from wbart.lineage.layout import Layout, layout
from wbart.recording.path import RunPath

Work = Callable[..., None]


@pytest.fixture
def work(house: House) -> Work:
    """Runs that use versions, by REF, and log new ones, by name."""

    def run(id: str, used: str = "", logged: str = "", content: str | None = None) -> None:
        house.clock.advance(1)
        with init(id=id, job_type="job") as run:
            for ref in used.split():
                run.use_artifact(ref)
            for name in logged.split():
                run.log_artifact(house.draft({"a": content or f"{id} {name}"}, name=name)).wait()

    return run


def ties(lineage: Lineage) -> set[tuple[str, str, str]]:
    """All edges, by the last part of the nodes' names."""
    names = {key: node.name.rpartition("/")[2] for key, node in lineage.nodes.items()}
    return {(names[edge.source], edge.tie, names[edge.target]) for edge in lineage.edges}


def test_up_is_what_it_came_from_and_down_what_came_of_it(house: House, work: Work) -> None:
    work("r1", logged="raw")
    work("r2", used="raw", logged="clean")
    work("r3", used="clean", logged="net")
    before = {("r1", "logged", "raw:v0"), ("raw:v0", "used", "r2"), ("r2", "logged", "clean:v0")}
    after = {("clean:v0", "used", "r3"), ("r3", "logged", "net:v0")}

    clean = house.load("clean")

    assert ties(clean.lineage()) == before
    assert ties(clean.lineage("down")) == after
    assert ties(clean.lineage("both")) == before | after
    assert clean.lineage().nodes[clean.lineage().start].name == "ann/zoo/clean:v0"


def test_a_diamond_is_walked_once(house: House, work: Work) -> None:
    work("r1", logged="raw")
    work("left", used="raw", logged="a")
    work("right", used="raw", logged="b")
    work("join", used="a b", logged="end")

    found = house.load("end").lineage("up")

    assert len(found.versions) == 4
    assert len(found.runs) == 4
    assert len(found.edges) == 8
    assert found.to_text().count("run ann/zoo/r1") == 1
    assert found.to_text().count("raw:v0 (dataset) (see above)") == 1


def test_a_circle_ends(house: House, work: Work) -> None:
    work("r1", logged="raw", content="same")
    work("again", used="raw", logged="raw", content="same")

    found = house.load("raw").lineage("down")

    assert ties(found) == {("raw:v0", "used", "again"), ("again", "logged", "raw:v0")}
    assert found.to_text().splitlines()[-1] == "   └─ logged ann/zoo/raw:v0 (dataset) (see above)"
    assert len(ElementTree.fromstring(found.to_svg()).findall(".//{*}path")) == 3


@pytest.mark.parametrize(
    ("depth", "nodes", "cut"), [(0, 1, 1), (1, 2, 1), (2, 3, 1), (4, 5, 1), (5, 6, 0)]
)
def test_depth_counts_edges(house: House, work: Work, depth: int, nodes: int, cut: int) -> None:
    work("r1", logged="raw")
    work("r2", used="raw", logged="clean")
    work("r3", used="clean", logged="net")

    found = house.load("net").lineage("up", depth)

    assert (len(found.nodes), len(found.cut)) == (nodes, cut)


@pytest.mark.parametrize(("direction", "depth"), [("left", None), ("up", -1), ("", 1)])
def test_a_direction_or_depth_that_makes_no_sense_is_refused(
    house: House, direction: str, depth: int | None
) -> None:
    with pytest.raises(ValueError):
        house.version().lineage(direction, depth)


def test_a_version_that_its_run_does_not_know_is_found_from_both_sides(
    house: House, work: Work
) -> None:
    work("r1", logged="raw")
    work("r2", used="raw")
    orphan = house.draft({"a": "x"}, name="net")
    orphan._save(house.workspace, "ann", "zoo", run=RunPath("ann", "zoo", "r2"))

    tie = ("r2", "logged", "net:v0")
    assert tie in ties(house.load("net").lineage("up"))
    assert tie in ties(house.load("raw").lineage("down"))


def test_a_deleted_version_is_shown_as_such(house: House, work: Work) -> None:
    work("r1", logged="raw")
    work("r2", used="raw", logged="net")
    raw = house.load("raw")
    raw.delete(delete_aliases=True)

    found = house.load("net").lineage()

    node = found.nodes[f"version {raw.id}"]
    assert (node.state, node.alive) == ("deleted", False)
    assert "raw:v0 (dataset) [deleted]" in found.to_text()
    assert "dashed" in found.to_dot()
    assert "dead" in found.to_mermaid()


def test_versions_of_a_deleted_collection_are_still_in_it(house: House, work: Work) -> None:
    work("r1", logged="raw")
    work("r2", used="raw", logged="net")
    from wbart.api import Api

    Api().artifact_collection("dataset", "raw").delete()

    found = house.load("net").lineage()

    assert {node.name: node.state for node in found.versions}["ann/zoo/raw:v0"] == "deleted"
    assert ("r1", "logged", "raw:v0") in ties(found)


def test_links_and_drafts_are_ties_too(house: House, work: Work) -> None:
    work("r1", logged="raw")
    raw = house.load("raw")
    link = raw.link("wandb-registry-data/Raw")
    draft = raw.new_draft()
    with draft.new_file("b") as file:
        file.write("b")
    house.save(draft)

    assert ties(raw.lineage("down")) == {
        ("raw:v0", "linked", "Raw:v0"),
        ("raw:v0", "drafted", "raw:v1"),
    }
    assert ties(link.lineage("up")) == {("r1", "logged", "raw:v0"), ("raw:v0", "linked", "Raw:v0")}
    assert ties(house.load("raw:v1").lineage("up")) == {
        ("r1", "logged", "raw:v0"),
        ("raw:v0", "drafted", "raw:v1"),
    }


def test_a_copy_knows_where_it_comes_from(house: House, work: Work) -> None:
    from wbart import copy

    work("r1", logged="raw")
    raw = house.load("raw")
    copy("ann/zoo/raw:v0", house.store, name="ann/other/raw", settings=house.workspace.settings)

    assert ties(raw.lineage("down")) == {("raw:v0", "copied", "raw:v0")}
    assert ties(house.load("ann/other/raw").lineage()) == {
        ("r1", "logged", "raw:v0"),
        ("raw:v0", "copied", "raw:v0"),
    }


def test_a_lineage_as_json_names_each_node_once(house: House, work: Work) -> None:
    work("r1", logged="raw")

    told = json.loads(json.dumps(house.load("raw").lineage().to_json()))

    assert told["direction"] == "up"
    assert [node["name"] for node in told["nodes"]] == ["ann/zoo/raw:v0", "ann/zoo/r1"]
    assert [edge["tie"] for edge in told["edges"]] == ["logged"]


def odd() -> Lineage:
    """A lineage with names that need care."""
    nodes = [
        Node("a", "version", 'e/p/<script>&"x":v0', "model", "committed"),
        Node("b", "run", "e/p/run\\1", "train \x01", "finished"),
    ]
    return Lineage("a", "up", {node.key: node for node in nodes}, [Flow("b", "a", "logged")])


def test_names_cannot_break_out_of_a_drawing() -> None:
    page = odd().to_html()

    assert "<script>" not in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    assert ElementTree.fromstring(odd().to_svg()).tag.endswith("svg")
    assert '<script>&\\"x\\":v0' in odd().to_dot()
    assert "#60;script#62;#38;#34;x#34;:v0" in odd().to_mermaid()


def test_an_artifact_that_was_never_logged_has_none(house: House) -> None:
    from wbart.errors import ArtifactNotLoggedError

    with pytest.raises(ArtifactNotLoggedError):
        Artifact("data", "dataset").lineage()


keys = st.integers(0, 11).map(str)


@given(st.lists(st.tuples(keys, keys), max_size=30))
def test_a_layout_has_room_for_all_and_leads_forwards(edges: list[tuple[str, str]]) -> None:
    nodes = sorted({key for edge in edges for key in edge})

    found = layout(nodes, edges)

    assert sorted(found.places) == nodes
    columns: dict[int, list[float]] = {}
    for at, row in [
        *found.places.values(),
        *(bend for way in found.bends.values() for bend in way),
    ]:
        columns.setdefault(at, []).append(row)
    for rows in columns.values():
        assert all(below - above > 0.999 for above, below in pairwise(sorted(rows)))
        assert min(rows) >= -0.001
        assert max(rows) <= found.height - 0.999
    assert set(columns) == set(range(found.width))
    for (source, target), bends in found.bends.items():
        way = [found.places[source][0], *(at for at, _ in bends), found.places[target][0]]
        steps = {after - before for before, after in pairwise(way)}
        assert steps in ({1}, {-1})


@given(st.permutations(range(8)), st.lists(st.tuples(keys, keys), max_size=20))
def test_without_circles_every_edge_leads_to_the_right(
    names: list[int], edges: list[tuple[str, str]]
) -> None:
    forward = [(a, b) for a, b in edges if int(a) < int(b)]
    nodes = sorted({key for edge in forward for key in edge})

    found = layout(nodes, forward)

    assert all(found.places[a][0] < found.places[b][0] for a, b in forward)


def test_a_ladder_has_no_crossings() -> None:
    edges = [("a", "c"), ("b", "d"), ("c", "f"), ("d", "e")]

    found: Layout = layout(list("abdcef"), edges)

    rows = {key: row for key, (_, row) in found.places.items()}
    assert (rows["a"] < rows["b"]) == (rows["c"] < rows["d"]) == (rows["f"] < rows["e"])


def test_a_deleted_run_is_shown_as_such(house: House, work: Work) -> None:
    from wbart.api import Api

    work("r1", logged="raw")
    work("r2", used="raw", logged="net")
    Api().run("r1").delete()

    up, down = house.load("net").lineage(), house.load("raw").lineage("down")

    assert ("r1", "logged", "raw:v0") in ties(up)
    assert {run.name: run.state for run in up.runs}["ann/zoo/r1"] == "deleted"
    assert ("r2", "logged", "net:v0") in ties(down)
