"""What a script calls: `init`, and the calls that go to the active run."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Concatenate, NoReturn, ParamSpec, TypeVar

from wbart.errors import Error
from wbart.recording import surroundings
from wbart.recording.active import active, enter, previous, the_active
from wbart.recording.config import Config, parsed, refuse_nested
from wbart.recording.liverun import Run
from wbart.recording.logged import run_tags
from wbart.recording.start import begin, scratch
from wbart.recording.summary import Summary
from wbart.recording.surroundings import open_workspace
from wbart.recording.text import said
from wbart.sweeps import trial as sweeptrial
from wbart.sweeps import watch as sweepwatch

__all__ = [
    "Run",
    "active",
    "active_config",
    "active_run",
    "active_summary",
    "finish",
    "finish_artifact",
    "init",
    "link_artifact",
    "link_model",
    "log",
    "log_artifact",
    "log_code",
    "log_model",
    "save",
    "upsert_artifact",
    "use_artifact",
    "use_model",
]

P = ParamSpec("P")
R = TypeVar("R")


def init(
    project: str | None = None,
    entity: str | None = None,
    id: str | None = None,
    name: str | None = None,
    config: object = None,
    job_type: str | None = None,
    group: str | None = None,
    tags: list[str] | None = None,
    notes: str | None = None,
    resume: bool | str | None = None,
    mode: str | None = None,
    dir: str | os.PathLike[str] | None = None,
    settings: object = None,
    *,
    store: str | os.PathLike[str] | None = None,
    reinit: bool | str | None = None,
) -> Run:
    """Begin a run and make it the active one.

    While one is active it is returned again, unless the arguments name another (then it is
    finished first) or reinit says `finish_previous` or `create_new`. An id that exists begins
    anew; with resume ("allow", "must") it goes on. With mode "disabled" all goes into a store
    that ends with the process; the other modes are one, and dir changes nothing. What an agent
    has drawn from a sweep wins over what is said here.
    """
    draw = sweeptrial.take() if mode != "disabled" else None
    before = previous(reinit, id, entity, project) if draw is None else None
    if before is not None:
        return before
    given = parsed(config)
    for value in given.values():
        refuse_nested(value)
    fields = {
        "name": said("name", name),
        "job_type": said("job_type", job_type),
        "group": said("group", group),
        "tags": run_tags(tags) if tags is not None else None,
        "notes": said("notes", notes),
    }
    told = {field: value for field, value in fields.items() if value is not None}
    if draw is not None:
        found, id, resume = draw.workspace, draw.run, None
        given, told = {**given, **draw.parameters}, {**told, "sweep": draw.sweep.id}
    else:
        found = open_workspace(scratch(mode, store), entity, project, settings)
    run = begin(found, id, resume, told)
    enter(run)
    surroundings.enter(found)
    try:
        if given:
            run.config.update(given, allow_val_change=True)
        run.config.lock(draw.parameters if draw is not None else ())
        if draw is not None:
            run._watch = sweepwatch.begin(draw, run)
    except BaseException:
        run.finish(exit_code=1)
        raise
    return run


def finish(exit_code: int | None = None, quiet: bool | None = None) -> None:
    """Finish the active run, if there is one."""
    run = active()
    if run is not None:
        run.finish(exit_code, quiet)


def _of_active(method: Callable[Concatenate[Run, P], R]) -> Callable[P, R]:
    """The method, called on the active run; Error when there is none."""

    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return method(the_active(method.__name__), *args, **kwargs)

    call.__name__ = call.__qualname__ = method.__name__
    call.__doc__ = f"As `Run.{method.__name__}` of the active run; Error without one."
    return call


log = _of_active(Run.log)
log_artifact = _of_active(Run.log_artifact)
use_artifact = _of_active(Run.use_artifact)
link_artifact = _of_active(Run.link_artifact)
upsert_artifact = _of_active(Run.upsert_artifact)
finish_artifact = _of_active(Run.finish_artifact)
log_model = _of_active(Run.log_model)
use_model = _of_active(Run.use_model)
link_model = _of_active(Run.link_model)
save = _of_active(Run.save)
log_code = _of_active(Run.log_code)


def login(*args: object, **kwargs: object) -> bool:
    """True: there is nothing to log in to. For scripts that begin so; no key is kept."""
    return True


class _Unbegun:
    """What stands for the config and the summary while no run is active."""

    def __init__(self, name: str) -> None:
        object.__setattr__(self, "_name", name)

    def _refuse(self, *_: object) -> NoReturn:
        raise Error(f"You must call wandb.init() before wandb.{self._name}")

    _name: str
    __getitem__ = __setitem__ = __delitem__ = __iter__ = __len__ = __contains__ = _refuse
    __setattr__ = __delattr__ = _refuse

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        self._refuse()


def active_run() -> Run | None:
    """What `wbart.run` is: the active run, None outside any."""
    return active()


def active_config() -> Config | _Unbegun:
    """What `wbart.config` is: that of the active run."""
    run = active()
    return run.config if run is not None else _Unbegun("config")


def active_summary() -> Summary | _Unbegun:
    """What `wbart.summary` is: that of the active run."""
    run = active()
    return run.summary if run is not None else _Unbegun("summary")
