"""Agents: they draw parameters of a sweep, one run after the other. Any number may work at once."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from wbart import names
from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid, Error, RunNotFound
from wbart.recording import active as runactive
from wbart.recording.path import RunPath, parse
from wbart.recording.record import read_record
from wbart.recording.surroundings import open_workspace
from wbart.sweeps import bayes, command, draw, sweeps, trial
from wbart.sweeps.draw import Draw
from wbart.sweeps.sweeps import Sweep
from wbart.sweeps.watch import TrialStopped

log = logging.getLogger(__name__)

_READERS = 16
_HOPELESS = 5
"""After so many failures and no success an agent gives up, as W&B's does."""
_made: dict[str, tuple[str, str]] = {}
"""Where this process has made sweeps: their ids are all that its agents then need, as W&B's."""


def sweep(
    sweep: Mapping[str, Any] | Callable[[], Mapping[str, Any]],
    entity: str | None = None,
    project: str | None = None,
    prior_runs: Sequence[str] | None = None,
    *,
    store: str | os.PathLike[str] | None = None,
    settings: object = None,
) -> str:
    """Store a sweep of this config, or of what a function returns, and return its id.

    entity and project are those of the config unless given. prior_runs are ids of runs that
    become runs of it. Raises ArgumentInvalid, ArgumentTypeInvalid.
    """
    config = sweep() if callable(sweep) else sweep
    said = config if isinstance(config, Mapping) else {}
    home = open_workspace(
        store, entity or said.get("entity"), project or said.get("project"), settings
    )
    made = sweeps.create(home, config, prior_runs)
    _made[made.id] = home.entity, home.project
    return made.id


def agent(
    sweep_id: str,
    function: Callable[[], object] | None = None,
    entity: str | None = None,
    project: str | None = None,
    count: int | None = None,
    *,
    store: str | os.PathLike[str] | None = None,
    settings: object = None,
) -> None:
    """Try draws of a sweep, each as a run, until there are none left, it is stopped, or count.

    The first `init` of the function begins the run, with the draw in its config; without a
    function it is the sweep's program. A run that fails does not end the sweep; Error after
    five failures at the beginning.
    """
    if count is not None and (not isinstance(count, int) or isinstance(count, bool) or count < 1):
        raise ArgumentInvalid(f"count must be a whole number of at least 1: {count!r}")
    if function is not None and not callable(function):
        raise ArgumentTypeInvalid("function parameter must be callable!")
    known = _made.get(sweep_id, (None, None))
    found = open_workspace(store, entity or known[0], project or known[1], settings)
    path = parse(sweep_id, entity=found.entity, project=found.project)
    home = found.within(names.entity(path.entity), names.project(path.project))
    target = Sweep(home, path)
    if function is None:
        command.check(target.config)
    _Agent(home, target, function).work(count)


class _Agent:
    def __init__(
        self, workspace: Any, target: Sweep, function: Callable[[], object] | None
    ) -> None:
        self._workspace = workspace
        self._sweep = target
        self._space = target.space
        self._path = RunPath(*target.path)
        self._function = function
        self._number = draw.drawn(workspace, self._path)
        self._draws: dict[int, Draw] = {}
        self._seen: dict[str, bayes.Seen] = {}

    def work(self, count: int | None) -> None:
        """Draw and try; see `agent`."""
        done, failed = 0, 0
        while count is None or done < count:
            draw = self._draw()
            if draw is None:
                return
            error = self._try(draw)
            done, failed = done + 1, failed + (error is not None)
            if error is not None:
                log.warning("run %s of sweep %s failed", draw.run, self._path, exc_info=error)
            if failed == done == _HOPELESS:
                raise Error(
                    f"the first {failed} runs of this agent failed, the last one with {error!r}"
                ) from error

    def _draw(self) -> Draw | None:
        """The next draw that is nobody's; None when there is no more to do."""
        size = self._space.size
        while not self._sweep.load(force=True).stopped and (size is None or self._number < size):
            parameters = self._propose(self._number)
            found = draw.claim(self._workspace, self._path, self._number, parameters)
            self._number += 1
            if found is not None:
                return found
        return None

    def _propose(self, number: int) -> dict[str, Any]:
        if self._space.method == "grid":
            return self._space.grid_point(number)
        if self._space.method == "random":
            return self._space.random_point(self._path.id, number)
        return bayes.propose(self._space, self._path.id, number, self._results(number))

    def _results(self, number: int) -> list[bayes.Seen]:
        """What the newest runs found; what is over is not read again."""
        numbers = range(max(0, number - bayes.TRIALS), number)
        with ThreadPoolExecutor(_READERS, "wbart-sweep") as executor:
            drawn = [*executor.map(self._drawn, numbers)]
            prior = [*executor.map(self._result, self._sweep.prior_runs)]
        return [*(each for each in prior if each is not None), *drawn]

    def _drawn(self, number: int) -> bayes.Seen:
        known = self._draws.get(number) or draw.read(self._workspace, self._path, number)
        self._draws[number] = known
        found = self._result(known.run)
        return known.parameters, found[1] if found is not None else None

    def _result(self, run: str) -> bayes.Seen | None:
        if run in self._seen:
            return self._seen[run]
        path = RunPath(self._path.entity, self._path.project, run)
        try:
            fields = read_record(self._workspace.store.objects, path).fields
        except RunNotFound:
            return None
        over = fields.get("state") != "running"
        metric = self._space.metric
        value = sweeps.value_of(fields.get("summary", {}), metric) if over and metric else None
        found = fields.get("config", {}), value
        if over:
            self._seen[run] = found
        return found

    def _try(self, draw: Draw) -> BaseException | None:
        """Make the run; the error that it ended with, if it did."""
        if self._function is None:
            code = command.run(draw, self._sweep.config)
            failed = code and not self._is_stopped(draw)
            return Error(f"the program ended with {code}") if failed else None
        error: BaseException | None = None
        with trial.offered(draw):
            try:
                self._function()
            except (Exception, SystemExit) as caught:
                # Whatever the function does wrong is one run's failure, not the sweep's.
                error = caught
            except TrialStopped as caught:
                _finish(draw, caught)
                return None
            except BaseException as caught:
                _finish(draw, caught)
                raise
            _finish(draw, error)
        return error if runactive.exit_code(error) else None

    def _is_stopped(self, draw: Draw) -> bool:
        """Whether a program may have been ended by its own sweep: that is no failure."""
        if self._space.early_terminate is None:
            return False
        path = RunPath(self._path.entity, self._path.project, draw.run)
        try:
            record = read_record(self._workspace.store.objects, path)
        except RunNotFound:
            return False
        return record.fields.get("state") == "killed"


def _finish(draw: Draw, error: BaseException | None) -> None:
    """Finish the run if the function has left that to us."""
    run = runactive.active()
    if run is not None and run.id == draw.run:
        run.finish(exit_code=runactive.exit_code(error))
