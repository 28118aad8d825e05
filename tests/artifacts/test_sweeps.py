"""Sweeps without a server: agents draw, runs are made, the best is found."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.artifacts.world import World

from wbart import calls
from wbart.api import Api
from wbart.errors import ArgumentInvalid, Error, NotFound, RunNotFound, UsageError
from wbart.recording.path import RunPath
from wbart.recording.record import read_record
from wbart.settings.settings import Settings
from wbart.sweeps import bayes as sweepbayes
from wbart.sweeps import draw as sweepdraw
from wbart.sweeps.agent import agent, sweep
from wbart.sweeps.sweeps import Sweep

GRID = {
    "method": "grid",
    "metric": {"name": "loss", "goal": "minimize"},
    "parameters": {"a": {"values": [1, 2, 3]}, "b": {"values": [10, 20]}},
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    yield World(tmp_path)
    calls.finish()


@pytest.fixture
def api(world: World) -> Api:
    return Api(settings=world.settings)


def made(world: World, config: dict[str, Any], **given: Any) -> str:
    return sweep(config, settings=world.settings, **given)


def training(loss: Callable[[Any], float]) -> Callable[[], None]:
    def train() -> None:
        with calls.init() as run:
            run.log({"loss": loss(run.config)})

    return train


def points(found: Sweep) -> list[tuple[int, int]]:
    return [(run.config["a"], run.config["b"]) for run in found.runs]


# Drawing.


def test_a_grid_is_searched_whole_and_each_run_belongs_to_the_sweep(world: World, api: Api) -> None:
    id_ = made(world, GRID)

    agent(id_, training(lambda config: config.a * config.b), settings=world.settings)

    found = api.sweep(id_)
    assert points(found) == [(a, b) for a in (1, 2, 3) for b in (10, 20)]
    assert [run.state for run in found.runs] == ["finished"] * 6
    assert {run.sweep_name for run in found.runs} == {id_}
    assert found.state == "FINISHED"
    assert (found.expected_run_count, found.order) == (6, "+summary_metrics.loss")


def test_a_grid_that_is_done_gives_an_agent_nothing(world: World, api: Api) -> None:
    id_ = made(world, GRID)
    train = training(lambda config: 0.0)
    agent(id_, train, settings=world.settings)

    agent(id_, train, settings=world.settings)

    assert len(api.sweep(id_).runs) == 6


def test_count_bounds_one_agent_and_run_cap_all_of_them(world: World, api: Api) -> None:
    id_ = made(world, {"method": "random", "parameters": {"x": {"min": 0.0, "max": 1.0}},
                       "run_cap": 3})  # fmt: skip
    train = training(lambda config: config.x)

    agent(id_, train, count=2, settings=world.settings)
    assert (len(api.sweep(id_).runs), api.sweep(id_).state) == (2, "RUNNING")
    agent(id_, train, count=2, settings=world.settings)

    assert (len(api.sweep(id_).runs), api.sweep(id_).state) == (3, "FINISHED")


def test_the_config_of_the_sweep_wins_and_the_rest_of_the_function_s_stays(
    world: World, api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[Any] = []

    def train() -> None:
        import wbart as wandb

        run = wandb.init(config={"a": 0, "epochs": 5}, tags=["swept"])
        wandb.config.update({"a": 99, "depth": 2})
        seen.append((wandb.config.a, wandb.config["epochs"], run.sweep_id, run.tags))

    id_ = made(world, {**GRID, "name": "first"})
    agent(id_, train, count=1, settings=world.settings)

    [run] = api.sweep(id_).runs
    assert seen == [(1, 5, id_, ("swept",))]
    assert run.config == {"a": 1, "b": 10, "epochs": 5, "depth": 2}
    assert run.state == "finished"
    assert "'a' was locked by the sweep" in caplog.text


def test_the_second_run_of_a_function_is_nobody_s(world: World, api: Api) -> None:
    def train() -> None:
        calls.init().finish()
        calls.init(id="extra", settings=world.settings).finish()

    id_ = made(world, GRID)
    agent(id_, train, count=1, settings=world.settings)

    assert len(api.sweep(id_).runs) == 1
    assert api.run("extra").sweep is None


def test_a_draw_never_takes_an_active_run_for_its_own(world: World, api: Api) -> None:
    id_ = made(world, GRID)

    with world.run(id="outer"):
        agent(id_, training(lambda config: 1.0), count=1, settings=world.settings)

    assert api.run("outer").summary.get("loss") is None
    assert len(api.sweep(id_).runs) == 1


def test_a_stopped_sweep_begins_no_more_runs(world: World, api: Api) -> None:
    id_ = made(world, GRID)

    def train() -> None:
        calls.init().finish()
        api.sweep(id_).stop()

    agent(id_, train, settings=world.settings)

    assert (len(api.sweep(id_).runs), api.sweep(id_).state) == (1, "STOPPED")


# Failing.


def test_a_failing_function_fails_its_run_and_the_sweep_goes_on(
    world: World, api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    def train() -> None:
        run = calls.init()
        if run.config.a == 2:
            raise RuntimeError("two is too many")
        if run.config.a == 3:
            sys.exit(0)

    id_ = made(world, GRID)
    agent(id_, train, settings=world.settings)

    states = [run.state for run in api.sweep(id_).runs]
    assert states == ["finished", "finished", "failed", "failed", "finished", "finished"]
    assert "two is too many" in caplog.text


def test_an_agent_whose_first_five_runs_fail_gives_up(world: World, api: Api) -> None:
    def train() -> None:
        calls.init()
        raise RuntimeError("always")

    id_ = made(world, GRID)
    with pytest.raises(Error, match=r"first 5 runs of this agent failed.*always"):
        agent(id_, train, settings=world.settings)

    assert [run.state for run in api.sweep(id_).runs] == ["failed"] * 5


def test_an_interrupt_kills_the_run_and_ends_the_agent(world: World, api: Api) -> None:
    def train() -> None:
        calls.init()
        raise KeyboardInterrupt

    id_ = made(world, GRID)
    with pytest.raises(KeyboardInterrupt):
        agent(id_, train, settings=world.settings)

    assert [run.state for run in api.sweep(id_).runs] == ["killed"]


def test_what_an_agent_cannot_mean_is_refused(world: World) -> None:
    id_ = made(world, GRID)

    with pytest.raises(NotFound, match="Could not find sweep ent/proj/nothing"):
        agent("nothing", print, settings=world.settings)
    with pytest.raises(ValueError, match="count must be"):
        agent(id_, print, count=0, settings=world.settings)
    with pytest.raises(TypeError, match="must be callable"):
        agent(id_, "train", settings=world.settings)  # type: ignore[arg-type]
    with pytest.raises(ArgumentInvalid, match="needs a function"):
        agent(id_, settings=world.settings)


# Several agents.


def work(settings: Settings, id_: str) -> None:
    def train() -> None:
        calls.init().finish()

    agent(id_, train, settings=settings)


def test_agents_in_several_processes_never_draw_the_same_point(world: World, api: Api) -> None:
    grid = {"method": "grid", "parameters": {"a": {"min": 1, "max": 6}, "b": {"min": 1, "max": 4}}}
    id_ = made(world, grid)
    settings = replace(world.settings, stats=False)
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=work, args=(settings, id_)) for _ in range(3)]

    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    found = points(api.sweep(id_))
    assert sorted(found) == [(a, b) for a in range(1, 7) for b in range(1, 5)]


def test_a_number_is_claimed_once(world: World, api: Api) -> None:
    found = api.sweep(made(world, GRID))
    path = RunPath(*found.path)

    first = sweepdraw.claim(api._workspace, path, 0, {"a": 1})
    second = sweepdraw.claim(api._workspace, path, 0, {"a": 1})

    assert first is not None
    assert second is None
    assert sweepdraw.named(api._workspace, first.path).run == first.run


# Programs.

PROGRAM = """
import argparse, json, sys
import wbart as wandb
parser = argparse.ArgumentParser()
parser.add_argument("--a", type=int)
parser.add_argument("--b", type=int)
args = parser.parse_args()
with wandb.init() as run:
    run.config.update(args)
    run.log({"loss": args.a * args.b})
    if args.a == 2:
        sys.exit(3)
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, in which programs find wbart."""
    root = Path(__file__).parents[2]
    paths = ":".join(str(root / wing) for wing in ("artifacts", "storage", "manifest"))
    monkeypatch.setenv("PYTHONPATH", paths)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_program_that_is_killed_leaves_no_run_behind_as_running(
    world: World, api: Api, programs: Path
) -> None:
    kill = "import os, wbart; wbart.init(); os.kill(os.getpid(), 9)"
    (programs / "train.py").write_text(kill)
    id_ = made(world, {**GRID, "program": "train.py", "run_cap": 1})

    agent(id_, settings=world.settings)

    draw = sweepdraw.read(api._workspace, RunPath("ent", "proj", id_), 0)
    record = read_record(api._workspace.store.objects, RunPath("ent", "proj", draw.run))
    assert record.fields["state"] == "crashed"


def test_a_program_gets_its_draw_as_arguments_and_makes_the_run(
    world: World, api: Api, programs: Path
) -> None:
    (programs / "train.py").write_text(PROGRAM)
    id_ = made(world, {**GRID, "program": "train.py", "run_cap": 3})

    agent(id_, settings=world.settings)

    found = list(api.sweep(id_).runs)
    assert [run.summary["loss"] for run in found] == [10, 20, 20]
    assert [run.state for run in found] == ["finished", "finished", "failed"]


def test_a_command_is_spelled_as_it_is_said(
    world: World, api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = "import sys; open('said', 'a').write(repr(sys.argv[1:]) + chr(10))"
    command = ["${interpreter}", "-c", write, "${args_no_hyphens}", "${args_no_boolean_flags}",
               "${envvar:COLOUR}", "${args_json}"]  # fmt: skip
    monkeypatch.setenv("COLOUR", "blue")
    monkeypatch.chdir(tmp_path)
    parameters = {"flag": {"value": True}, "off": {"value": False}, "n": {"value": 3}}
    id_ = made(world, {"method": "grid", "parameters": parameters, "command": command})

    agent(id_, settings=world.settings)

    assert (tmp_path / "said").read_text().strip() == repr(
        ["flag=True", "n=3", "off=False", "--flag", "--n=3", "blue",
         '{"flag": true, "n": 3, "off": false}']
    )  # fmt: skip


# Bayes.


def test_a_bayes_search_finds_a_minimum_and_is_the_same_again(world: World, api: Api) -> None:
    parameters = {
        "x": {"min": -4.0, "max": 4.0},
        "kind": {"values": ["good", "bad"]},
        "steps": {"min": 1, "max": 9},
    }
    metric = {"name": "loss", "goal": "minimize"}
    id_ = made(world, {"method": "bayes", "metric": metric, "parameters": parameters})

    def loss(config: Any) -> float:
        return float((config.x - 1) ** 2 + (config.kind == "bad") * 4)

    agent(id_, training(loss), count=24, settings=replace(world.settings, stats=False))

    found = api.sweep(id_)
    best = found.best_run()
    assert best is not None
    assert best.summary["loss"] < 0.5
    assert best.config["kind"] == "good"
    seen = [(dict(run.config), run.summary["loss"]) for run in found.runs]
    again = sweepbayes.propose(found.space, id_, 23, seen[:23])
    assert again == seen[23][0]


def test_without_the_library_a_bayes_search_names_the_extra(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    config = {**GRID, "method": "bayes"}
    id_ = made(world, config)

    with pytest.raises(UsageError, match=r"wbart\[sweeps\]"):
        agent(id_, training(lambda config: 0.0), settings=world.settings)


def test_runs_without_a_number_count_as_the_worst(world: World, api: Api) -> None:
    space = api.sweep(made(world, {**GRID, "method": "bayes"})).space

    placed = sweepbayes._placed(
        space,
        [({"a": 1, "b": 10}, 5.0), ({"a": 2, "b": 20}, None), ({"a": 9, "b": 10}, 1.0), ({}, 0.0)],
        "minimize",
    )

    assert placed == [({"a": 0, "b": 0}, 5.0), ({"a": 1, "b": 1}, 5.0)]


# Reading.


def test_the_best_run_passes_over_what_is_no_number(world: World, api: Api) -> None:
    values: dict[int, Any] = {1: float("nan"), 2: 5.0, 3: "text"}
    id_ = made(world, GRID)
    agent(id_, training(lambda config: values[config.a]), settings=world.settings)

    found = api.sweep(id_)
    best = found.best_run()

    assert best is not None
    assert (best.config["a"], best.config["b"]) == (2, 10)
    assert found.best_run("-config.b").config["b"] == 20  # type: ignore[union-attr]


def test_a_goal_turns_the_order(world: World, api: Api) -> None:
    id_ = made(world, {**GRID, "metric": {"name": "loss", "goal": "maximize"}})
    agent(id_, training(lambda config: config.a), settings=world.settings)

    assert api.sweep(id_).best_run().config["a"] == 3  # type: ignore[union-attr]
    assert api.sweep(id_).order == "-summary_metrics.loss"


def test_a_sweep_without_metric_or_runs_has_answers_too(
    world: World, api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    config = {key: value for key, value in GRID.items() if key != "metric"}
    found = api.sweep(made(world, config))

    assert found.best_run() is None
    assert len(found.runs) == 0
    assert "no metric" in caplog.text
    agent(found.id, training(lambda config: 1.0), settings=world.settings)
    best = api.sweep(found.id).best_run()
    assert best is not None
    assert (best.config["a"], best.config["b"]) == (3, 20)


def test_runs_of_a_sweep_are_sorted_as_the_recipe_does(world: World, api: Api) -> None:
    id_ = made(world, GRID)

    def train() -> None:
        with calls.init() as run:
            if run.config.b == 10:
                run.log({"val_acc": run.config.a})

    agent(id_, train, settings=world.settings)
    found = api.sweep(f"ent/proj/{id_}")
    ordered = sorted(found.runs, key=lambda r: r.summary.get("val_acc", 0), reverse=True)

    assert [run.summary.get("val_acc", 0) for run in ordered] == [3, 2, 1, 0, 0, 0]


def test_a_sweep_tells_what_it_is(world: World, api: Api) -> None:
    found = api.sweep(made(world, {**GRID, "name": "<first>", "description": "of many"}))

    assert found.config["parameters"] == GRID["parameters"]
    assert (found.name, found.description, found.state) == ("<first>", "of many", "PENDING")
    assert (found.entity, found.project, found.url) == ("ent", "proj", "")
    assert "&lt;first&gt;" in found.to_html()
    assert [each.id for each in api.project("proj").sweeps()] == [found.id]
    assert api.from_path(f"ent/proj/sweeps/{found.id}").id == found.id


def test_names_of_the_config_apply_unless_the_call_says_otherwise(world: World, api: Api) -> None:
    config = {**GRID, "project": "mine", "entity": "team"}

    one = made(world, config)
    two = made(world, config, project="other")

    assert api.sweep(f"team/mine/{one}").project == "mine"
    assert api.sweep(f"team/other/{two}").entity == "team"


def test_a_run_tells_its_sweep_where_the_sweep_is(world: World, api: Api) -> None:
    id_ = made(world, GRID)
    agent(id_, training(lambda config: 1.0), count=1, settings=world.settings)
    [run] = api.sweep(id_).runs
    alone = api.create_run(run_id="copied")
    alone._edit({"sweep": "left-behind"})

    assert run.sweep.id == id_
    assert (alone.sweep, alone.sweep_name) == (None, "left-behind")


def test_an_agent_knows_the_project_of_a_sweep_that_this_process_made(
    world: World, api: Api
) -> None:
    id_ = made(world, GRID, project="elsewhere")

    agent(id_, training(lambda config: 1.0), count=1, settings=world.settings)

    assert len(api.sweep(f"elsewhere/{id_}").runs) == 1
    with pytest.raises(NotFound):
        agent(id_, print, project="proj", settings=world.settings)


def test_earlier_runs_can_be_taken_in(world: World, api: Api) -> None:
    with world.run(id="before", config={"a": 1, "b": 10}) as run:
        run.log({"loss": 1})

    id_ = made(world, GRID, prior_runs=["before"])

    assert [run.id for run in api.sweep(id_).runs] == ["before"]
    assert api.sweep(id_).state == "PENDING"
    with pytest.raises(RunNotFound):
        made(world, GRID, prior_runs=["nobody"])


def test_a_config_may_come_from_a_function(world: World, api: Api) -> None:
    id_ = sweep(lambda: GRID, settings=world.settings)

    assert api.sweep(id_).config["method"] == "grid"
