"""What a stranger may hand to a run: nothing of it costs the run its record."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import pytest
from tests.artifacts.world import World

from wbart import calls
from wbart.api import Api
from wbart.errors import (
    ArgumentInvalid,
    ArgumentTypeInvalid,
    CommError,
    RunNotFound,
    UsageError,
)

LONE = "caf\udce9"
"""As Python reads the name of a file that is Latin 1."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.settings = replace(world.settings, stats=False)
    yield world
    calls.finish()


@pytest.fixture
def api(world: World) -> Api:
    return Api(settings=world.settings)


def test_half_a_surrogate_pair_does_not_make_a_run_unreadable(world: World, api: Api) -> None:
    with world.run(id="r", name=LONE, notes=LONE, tags=[LONE], config={LONE: [LONE]}) as run:
        run.log({"path": LONE, LONE: 1, "in": {LONE: {LONE: 2}}, "list": [{LONE: LONE}]})
        run.log({"after": 3})
        run.summary["last"] = LONE
        run.name = run.notes = LONE

    found = api.run("r")
    assert (found.state, found.name, found.notes, found.tags) == (
        "finished", "caf\ufffd", "caf\ufffd", ["caf\ufffd"],
    )  # fmt: skip
    assert found.config == {"caf\ufffd": ["caf\ufffd"]}
    first, second = found.scan_history()
    assert first["path"] == "caf\ufffd"
    assert (first["caf\ufffd"], first["in.caf\ufffd.caf\ufffd"]) == (1, 2)
    assert second["after"] == 3
    assert found.summary["last"] == "caf\ufffd"
    assert len(api.runs("proj", {"display_name": "caf\ufffd"})) == 1


def test_whole_pairs_and_other_letters_stay_as_they_are(world: World, api: Api) -> None:
    with world.run(id="r", config={"é💥": "ü"}) as run:
        run.log({"日本": "💥"})

    found = api.run("r")
    assert found.config == {"é💥": "ü"}
    assert [row["日本"] for row in found.scan_history()] == ["💥"]


def test_numbers_without_an_end_are_what_a_float_makes_of_them(world: World, api: Api) -> None:
    with world.run(id="r", config={"seed": 2**128}) as run:
        run.log({"large": 10**5000, "small": -(10**5000), "seed": 2**128})

    found = api.run("r")
    [row] = found.scan_history()
    assert (row["large"], row["small"], row["seed"]) == ("Infinity", "-Infinity", 2**128)
    assert found.config["seed"] == 2**128
    assert len(api.runs("proj", {"config.seed": {"$gt": 1}})) == 1


@pytest.mark.parametrize("step", ["3", 1.5, math.nan, math.inf, [1], object(), 2**54])
def test_a_step_that_is_no_whole_number_is_refused(world: World, step: Any) -> None:
    with world.run() as run, pytest.raises((ArgumentTypeInvalid, ArgumentInvalid), match="step"):
        run.log({"a": 1}, step=step)


@pytest.mark.parametrize("step", [numpy.int64(3), 3.0, numpy.float32(3)])
def test_a_step_may_be_any_whole_number(world: World, api: Api, step: Any) -> None:
    with world.run(id="r") as run:
        run.log({"a": 1}, step=step)

    assert [row["_step"] for row in api.run("r").scan_history()] == [3]


@pytest.mark.parametrize("name", ["name", "notes", "group", "job_type", "tags"])
def test_what_is_no_text_is_refused_before_anything_is_written(
    world: World, api: Api, name: str
) -> None:
    with pytest.raises(ArgumentTypeInvalid, match=name):
        world.run(id="r", **{name: object()})

    with pytest.raises(CommError):
        api.run("r")


def test_a_number_as_a_name_is_its_text(world: World, api: Api) -> None:
    with world.run(id="r", name=7, group=2) as run:
        run.notes = 3.5  # type: ignore[assignment]

    found = api.run("r")
    assert (found.name, found.group, found.notes) == ("7", "2", "3.5")


def test_a_setter_that_refuses_changes_nothing(world: World, api: Api) -> None:
    with world.run(id="r", name="before", notes="old") as run:
        for name in ("name", "notes", "tags"):
            with pytest.raises(ArgumentTypeInvalid):
                setattr(run, name, object())
        assert (run.name, run.notes, run.tags) == ("before", "old", ())

    found = api.run("r")
    found.notes = object()  # type: ignore[assignment]
    with pytest.raises(ArgumentTypeInvalid, match="notes"):
        found.update()
    assert api.run("r").notes == "old"


def test_a_filter_without_an_end_is_refused(world: World, api: Api) -> None:
    world.run(id="r").finish()

    with pytest.raises(ArgumentInvalid, match="more than 10000 conditions"):
        api.runs("proj", {"$or": [{"config.lr": {"$gt": each}} for each in range(10_001)]})


_ASK_WIDELY = """
import sys
import wbart
from tests.storage.memory_user import peak

wide = {"$or": [{"config.lr": {"$gt": each}} for each in range(5000)]}
found = wbart.Api(store=sys.argv[1]).runs("ent/proj", wide)
print(len(found), [run.id for run in found])
print(peak())
"""


def test_wide_filters_of_a_large_config_stay_small(world: World) -> None:
    large = {f"key {number}": "x" * 1000 for number in range(2000)}
    world.run(id="r", config={**large, "lr": 3}).finish()
    # In a process of its own, since the peak of this one is that of all tests before.
    asked = [sys.executable, "-c", _ASK_WIDELY, str(world.settings.store)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    environment["WBART_CACHE_DIR"] = str(world.folder / "other-cache")
    done = subprocess.run(asked, env=environment, capture_output=True, text=True, check=True)
    found, peak = done.stdout.splitlines()

    assert found == "1 ['r']"
    assert int(peak) < 1000


def test_a_run_that_is_deleted_cannot_be_loaded_or_edited(world: World, api: Api) -> None:
    world.run(id="r").finish()
    kept = api.run("r")
    api.run("r").delete()

    with pytest.raises(RunNotFound):
        kept.load(force=True)
    kept.notes = "late"
    with pytest.raises(RunNotFound):
        kept.update()
    with pytest.raises(RunNotFound):
        api.run("r")


def test_runs_that_are_deleted_while_they_are_listed_do_no_harm(world: World, api: Api) -> None:
    for number in range(6):
        api.create_run(run_id=f"d{number}", project="proj")
    seen: list[tuple[str, str, Any]] = []

    for run in api.runs("proj", per_page=2):
        if not seen:
            api.run("d3").delete()
            api.run("d5").delete()
        seen.append((run.id, run.state, run.history(pandas=False)))

    assert [id_ for id_, _, _ in seen][:3] == ["d0", "d1", "d2"]
    assert len(api.runs("proj")) == 4


def test_the_length_of_an_unknown_project_is_not_none(api: Api) -> None:
    with pytest.raises(ValueError, match="Could not find project ent/nope"):
        len(api.runs("nope"))


@pytest.mark.parametrize(
    "call",
    [
        lambda api, run: api.run(3),
        lambda api, run: api.runs(3),
        lambda api, run: api.runs("proj", 3),
        lambda api, run: api.runs("proj", "x"),
        lambda api, run: api.artifact(3),
        lambda api, run: api.artifact_collections(3, "t"),
        lambda api, run: Api(3),  # type: ignore[arg-type]
        lambda api, run: run.use_artifact(None),
        lambda api, run: run.link_artifact("x", "y"),
        lambda api, run: run.save(3),
        lambda api, run: api.run(run.path).files(3),
        lambda api, run: api.run(run.path).history(samples="x"),
        lambda api, run: api.run(run.path).scan_history(min_step="x"),
    ],
)
def test_wrong_types_are_our_type_errors(
    world: World, api: Api, call: Callable[[Any, Any], object]
) -> None:
    with world.run() as run, pytest.raises(ArgumentTypeInvalid):
        call(api, run)


def test_a_file_that_is_not_there_is_not_uploaded(world: World, api: Api) -> None:
    world.run(id="r").finish()

    with pytest.raises(ArgumentInvalid, match="no file to upload"):
        api.run("r").upload_file(str(world.folder / "nothing"))


def test_names_of_values_are_texts(world: World) -> None:
    with world.run() as run:
        with pytest.raises(ArgumentTypeInvalid, match="not 3"):
            run.summary[3] = 1  # type: ignore[index]
        with pytest.raises(ArgumentTypeInvalid, match="not 3"):
            run.config[3] = 1  # type: ignore[index]


def test_a_reinit_that_nobody_knows_is_refused(world: World) -> None:
    with pytest.raises(UsageError, match="'what'"):
        world.run(reinit="what")
