"""The runs of a project: filtered, ordered, paged, and their histories together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars
import pytest
from tests.artifacts.world import World

from wbart import calls
from wbart.errors import ArgumentInvalid, ProjectNotFound
from wbart.runs.listing import Runs
from wbart.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    world = World(tmp_path)
    for number in range(7):
        config = {"lr": number / 10, "kind": "even" if number % 2 == 0 else "odd"}
        with world.run(id=f"r{number}", config=config, tags=[f"t{number % 3}"]) as run:
            for step in range(number + 1):
                run.log({"loss": number - step, **({"extra": "x"} if number == 6 else {})})
    yield Workspace.open(world.settings)
    calls.finish()


def runs(workspace: Workspace, *arguments: object, **options: object) -> Runs:
    return Runs(workspace, "ent", "proj", *arguments, **options)  # type: ignore[arg-type]


def ids(found: Runs) -> list[str]:
    return [run.id for run in found]


def test_all_runs_come_oldest_first(workspace: Workspace) -> None:
    found = runs(workspace, per_page=2)

    assert len(found) == 7
    assert ids(found) == [f"r{number}" for number in range(7)]
    assert found[3].config["lr"] == 0.3
    assert [run.id for run in found[-2:]] == ["r5", "r6"]
    assert repr(found) == "<Runs ent/proj>"


@pytest.mark.parametrize(
    ("filters", "order", "wanted"),
    [
        ({"config.kind": "odd"}, "+created_at", "135"),
        ({"config.kind": "odd"}, "-config.lr", "531"),
        ({"config.lr.value": {"$gte": 0.4}}, "config.lr", "654"),
        ({"summary_metrics.loss": 0, "tags": "t0"}, "+name", "036"),
        ({"$or": [{"name": "r2"}, {"display_name": {"$regex": "5$"}}]}, None, "25"),
        ({"state": "running"}, None, ""),
    ],
)
def test_filters_and_orders(
    workspace: Workspace, filters: dict[str, object], order: str | None, wanted: str
) -> None:
    found = runs(workspace, filters, order, per_page=1)

    assert ids(found) == [f"r{number}" for number in wanted]
    assert len(found) == len(wanted)


def test_a_cursor_takes_up_where_another_list_was_left(workspace: Workspace) -> None:
    first = runs(workspace, None, "-config.lr", per_page=3)
    first.load_page()

    assert ids(runs(workspace, None, "-config.lr", start=first.cursor)) == ["r3", "r2", "r1", "r0"]


def test_what_is_wrong_is_told_at_once_and_an_unknown_project_later(workspace: Workspace) -> None:
    with pytest.raises(ArgumentInvalid, match="Invalid filter fields"):
        runs(workspace, {"colour": 1})
    with pytest.raises(ArgumentInvalid):
        runs(workspace, None, "+colour")
    found = Runs(workspace, "ent", "nowhere")
    with pytest.raises(ProjectNotFound, match="Could not find project ent/nowhere"):
        list(found)


def test_a_fresh_run_shows_in_a_new_list(workspace: Workspace, tmp_path: Path) -> None:
    before = runs(workspace)
    assert len(list(before)) == 7
    with World(tmp_path).run(id="new") as run:
        run.log({"loss": 42})
        assert ids(runs(workspace, {"state": "running"})) == ["new"]
    assert ids(runs(workspace, {"summary_metrics.loss": 42})) == ["new"]
    assert len(list(before)) == 7


def test_histories_come_together(workspace: Workspace) -> None:
    rows = runs(workspace, {"config.lr": {"$gte": 0.5}}).histories(samples=3)

    assert [(row["run_id"], row["_step"]) for row in rows] == [
        ("r5", 0), ("r5", 2), ("r5", 5), ("r6", 0), ("r6", 3), ("r6", 6),
    ]  # fmt: skip
    assert runs(workspace).histories(keys=["nothing"]) == []
    with pytest.raises(ArgumentInvalid, match="Invalid format"):
        runs(workspace).histories(format="excel")


def test_histories_as_tables_have_sorted_columns(workspace: Workspace) -> None:
    table = runs(workspace).histories(format="pandas")

    assert list(table.columns) == sorted(table.columns)
    assert len(table) == 28
    assert table["extra"].notna().sum() == 7
    frame = runs(workspace).histories(format="polars")
    assert isinstance(frame, polars.DataFrame)
    assert frame.columns == list(table.columns)
    assert frame["loss"].sum() == table["loss"].sum()


def test_a_list_can_be_asked_for_all_of_its_runs(workspace: Workspace) -> None:
    found = runs(workspace)
    assert found.lazy
    found.upgrade_to_full()
    assert not found.lazy
    assert found[0].summary["loss"] == 0
