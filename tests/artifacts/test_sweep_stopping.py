"""early_terminate: a trial that others have overtaken is stopped at a bracket, by nobody else."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.artifacts.world import World

from wbart import calls
from wbart.api import Api
from wbart.errors import ArgumentInvalid
from wbart.settings.settings import Settings
from wbart.sweeps import hyperband
from wbart.sweeps.agent import agent, sweep
from wbart.sweeps.space import understand
from wbart.sweeps.watch import TrialStopped
from wbart_storage.backends.local import LocalObjects
from wbart_storage.errors import StoreUnavailable

ENDS = {"type": "hyperband", "min_iter": 2, "eta": 3}
STEPS = 5


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.settings = replace(world.settings, stats=False)
    yield world
    calls.finish()


@pytest.fixture
def api(world: World) -> Api:
    return Api(settings=world.settings)


def config(losses: list[float], **more: Any) -> dict[str, Any]:
    return {
        "method": "grid",
        "metric": {"name": "loss"},
        "parameters": {"loss": {"values": losses}},
        "early_terminate": ENDS,
        **more,
    }


def train() -> None:
    with calls.init() as run:
        for _ in range(STEPS):
            run.log({"loss": run.config.loss})


def searched(world: World, said: dict[str, Any], work: Callable[[], None] = train) -> str:
    id_ = sweep(said, settings=world.settings)
    agent(id_, work, settings=world.settings)
    return id_


def fates(api: Api, id_: str) -> list[tuple[str, int]]:
    """How each run ended, and how many rows it has."""
    return [(run.state, len(list(run.scan_history()))) for run in api.sweep(id_).runs]


# The rule.


@pytest.mark.parametrize(
    ("said", "brackets"),
    [
        ({"min_iter": 3}, (3, 9, 27)),
        ({"min_iter": 1, "eta": 2}, (1, 2, 4)),
        ({"max_iter": 81, "s": 3}, (3, 9, 27)),
        ({"max_iter": 18, "eta": 3, "s": 2}, (2, 6)),
        ({"max_iter": 5, "eta": 2, "s": 2}, (1, 2)),
        ({"max_iter": 5, "eta": 2, "s": 9}, (1, 2)),
        ({"max_iter": 27, "s": 2, "min_iter": 5}, (3, 9)),
        ({"min_iter": 2, "eta": 1.5}, (2, 3, 4)),
    ],
)
def test_brackets_lie_where_those_of_w_and_b_do(said: Any, brackets: tuple[int, ...]) -> None:
    found = hyperband.understand({"type": "hyperband", **said}).brackets

    assert found[:3] == brackets


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("hyperband", "must be a dict of type 'hyperband'"),
        ({"min_iter": 1}, "of type 'hyperband'"),
        ({"type": "median", "min_iter": 1}, "of type 'hyperband'"),
        ({"type": "hyperband"}, "needs min_iter"),
        ({"type": "hyperband", "min_iter": 0}, "needs min_iter"),
        ({"type": "hyperband", "min_iter": 1.5}, "needs min_iter"),
        ({"type": "hyperband", "min_iter": True}, "needs min_iter"),
        ({"type": "hyperband", "min_iter": 10**400}, "needs min_iter"),
        ({"type": "hyperband", "max_iter": "9", "s": 1}, "needs max_iter"),
        ({"type": "hyperband", "max_iter": 9}, "needs s"),
        ({"type": "hyperband", "max_iter": 9, "s": float("nan")}, "needs s"),
        ({"type": "hyperband", "max_iter": 2, "s": 1}, "no bracket"),
        ({"type": "hyperband", "min_iter": 1, "eta": 1}, "eta"),
        ({"type": "hyperband", "min_iter": 1, "eta": float("inf")}, "eta"),
        ({"type": "hyperband", "min_iter": 1, "strict": "yes"}, "strict"),
        ({"type": "hyperband", "min_iter": 1, "iter": 3}, "does not have iter"),
    ],
)
def test_what_early_terminate_cannot_mean_is_refused(said: Any, words: str) -> None:
    with pytest.raises(ArgumentInvalid, match=words):
        understand(config([1.0], early_terminate=said))


def test_early_terminate_needs_a_metric() -> None:
    with pytest.raises(ArgumentInvalid, match="needs a metric"):
        understand(config([1.0], metric=None))


# Functions.


def test_a_trial_that_is_not_among_the_best_of_the_earlier_ones_is_stopped(
    world: World, api: Api
) -> None:
    id_ = searched(world, config([3.0, 1.0, 2.0, 4.0, 0.5]))

    done = ("finished", STEPS)
    assert fates(api, id_) == [done, done, done, ("killed", 2), done]
    assert api.sweep(id_).state == "FINISHED"


def test_with_the_goal_to_maximize_the_small_ones_are_stopped(world: World, api: Api) -> None:
    id_ = searched(world, config([1.0, 5.0, 0.0], metric={"name": "loss", "goal": "maximize"}))

    assert fates(api, id_) == [("finished", STEPS), ("finished", STEPS), ("killed", 2)]


def test_trials_are_judged_at_further_brackets_too(world: World, api: Api) -> None:
    def worsening() -> None:
        with calls.init() as run:
            for step in range(STEPS):
                run.log({"loss": 0.0 if step < 2 else run.config.loss})

    said = config([1.0, 2.0], early_terminate={**ENDS, "min_iter": 1, "strict": True})
    id_ = searched(world, said, worsening)

    # Both are alike at 1; at 3 the second one is worse.
    assert fates(api, id_) == [("finished", STEPS), ("killed", 3)]


@pytest.mark.parametrize(("strict", "fate"), [(True, ("killed", 2)), (False, ("finished", STEPS))])
def test_strict_looks_at_the_number_there_and_else_the_best_so_far_counts(
    world: World, api: Api, strict: bool, fate: tuple[str, int]
) -> None:
    def jumping() -> None:
        with calls.init() as run:
            for step in range(STEPS):
                run.log({"loss": 0.0 if step == 0 else run.config.loss})

    id_ = searched(world, config([1.0, 2.0], early_terminate={**ENDS, "strict": strict}), jumping)

    assert fates(api, id_) == [("finished", STEPS), fate]


def test_rows_without_a_number_are_not_counted(world: World, api: Api) -> None:
    def sparse() -> None:
        with calls.init() as run:
            for value in (float("nan"), "text", True, None, run.config.loss, run.config.loss, 9.0):
                run.log({"other": 1, "loss": value})
                run.log({"other": 2})

    id_ = searched(world, config([1.0, 2.0]), sparse)

    # The row that is the second with a number is the 11th of all.
    assert fates(api, id_) == [("finished", 14), ("killed", 11)]


def test_what_is_merged_into_a_step_counts_once(world: World, api: Api) -> None:
    def merging() -> None:
        with calls.init() as run:
            for step in range(STEPS):
                run.log({"loss": run.config.loss}, step=step)
                run.log({"loss": run.config.loss}, step=step)

    id_ = searched(world, config([1.0, 2.0]), merging)

    assert fates(api, id_) == [("finished", STEPS), ("killed", 2)]


def test_a_nested_metric_is_seen(world: World, api: Api) -> None:
    def nested() -> None:
        with calls.init() as run:
            for _ in range(STEPS):
                run.log({"val": {"loss": run.config.loss}})

    id_ = searched(world, config([1.0, 2.0], metric={"name": "val.loss"}), nested)

    assert fates(api, id_) == [("finished", STEPS), ("killed", 2)]


def test_except_exception_does_not_keep_a_stopped_trial_and_finally_may_still_log(
    world: World, api: Api
) -> None:
    def stubborn() -> None:
        with calls.init() as run:
            try:
                for _ in range(STEPS):
                    try:
                        run.log({"loss": run.config.loss})
                    except Exception:
                        continue
            finally:
                run.summary["left"] = True

    id_ = searched(world, config([1.0, 2.0]), stubborn)

    assert fates(api, id_) == [("finished", STEPS), ("killed", 2)]
    assert [run.summary["left"] for run in api.sweep(id_).runs] == [True, True]


def test_who_catches_the_stop_is_told_again(world: World) -> None:
    told: list[str] = []

    def deaf() -> None:
        with calls.init() as run:
            for _ in range(STEPS):
                try:
                    run.log({"loss": run.config.loss})
                except TrialStopped as stop:
                    told.append(str(stop))

    searched(world, config([1.0, 2.0]), deaf)

    assert len(told) == STEPS - 1
    assert "stopped by its sweep" in told[0]


def test_an_agent_whose_trials_are_all_stopped_does_not_give_up(world: World, api: Api) -> None:
    id_ = sweep(config([float(loss) for loss in range(8)]), settings=world.settings)
    agent(id_, train, count=1, settings=world.settings)

    agent(id_, train, settings=world.settings)

    assert fates(api, id_) == [("finished", STEPS), *[("killed", 2)] * 7]


def test_a_store_that_does_not_answer_at_a_bracket_ends_nobody_s_training(
    world: World, api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    listed = LocalObjects.list

    def broken(self: LocalObjects, prefix: str, *rest: Any) -> Any:
        if "/brackets/" in prefix:
            raise StoreUnavailable("no answer")
        return listed(self, prefix, *rest)

    monkeypatch.setattr(LocalObjects, "list", broken)
    id_ = searched(world, config([1.0, 2.0]))

    assert fates(api, id_) == [("finished", STEPS)] * 2
    assert "is not judged after 2: no answer" in caplog.text


# Several agents, and programs.


def work(settings: Settings, id_: str) -> None:
    agent(id_, train, count=1, settings=settings)


def test_trials_of_other_processes_count(world: World, api: Api) -> None:
    id_ = sweep(config([1.0, 2.0]), settings=world.settings)
    spawn = multiprocessing.get_context("spawn")
    for _ in range(2):
        worker = spawn.Process(target=work, args=(world.settings, id_))
        worker.start()
        worker.join()
        assert worker.exitcode == 0

    assert fates(api, id_) == [("finished", STEPS), ("killed", 2)]


PROGRAM = f"""
import signal, sys
import wbart as wandb
if HANDLED:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to end"))
with wandb.init() as run:
    for _ in range({STEPS}):
        run.log({{"loss": run.config.loss}})
"""


@pytest.mark.parametrize("handled", [False, True])
def test_a_program_gets_a_signal_and_its_agent_goes_on(
    world: World, api: Api, monkeypatch: pytest.MonkeyPatch, handled: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    root = Path(__file__).parents[2]
    paths = ":".join(str(root / wing) for wing in ("artifacts", "storage", "manifest"))
    monkeypatch.setenv("PYTHONPATH", paths)
    monkeypatch.chdir(world.folder)
    (world.folder / "train.py").write_text(PROGRAM.replace("HANDLED", str(handled)))

    id_ = sweep(config([1.0, 2.0, 0.5], program="train.py"), settings=world.settings)
    agent(id_, settings=world.settings)

    done = ("finished", STEPS)
    assert fates(api, id_) == [done, ("killed", 2), done]
    assert "failed" not in caplog.text
