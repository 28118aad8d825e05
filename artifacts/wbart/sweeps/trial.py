"""The draw that the next run of this process is to try, if an agent has one for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace

from wbart.recording import surroundings
from wbart.settings.settings import draw_to_try
from wbart.sweeps import draw as sweepdraw
from wbart.sweeps.draw import Draw

_offered: ContextVar[list[Draw] | None] = ContextVar("wbart-sweep-draw", default=None)
_taken: set[str] = set()
"""Draws that this process was begun for, once its first run has them."""


@contextmanager
def offered(draw: Draw) -> Iterator[None]:
    """Have the first run that begins in the block try the draw."""
    token = _offered.set([draw])
    try:
        yield
    finally:
        _offered.reset(token)


def take() -> Draw | None:
    """The draw for the run that begins now; a second run gets none."""
    waiting = _offered.get()
    if waiting is not None:
        return waiting.pop() if waiting else None
    path = draw_to_try()
    if path is None or path in _taken:
        return None
    _taken.add(path)
    draw = sweepdraw.named(surroundings.current(), path)
    home = draw.workspace.within(draw.sweep.entity, draw.sweep.project)
    return replace(draw, workspace=home, program=True)
