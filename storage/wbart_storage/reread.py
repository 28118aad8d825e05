"""Reading again what came damaged: plain HTTP has no checksum, so the way may be to blame."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from wbart_storage.objects import Files, ObjectStore, ability

log = logging.getLogger(__name__)

_READS = 4
_Result = TypeVar("_Result")


def reads(store: ObjectStore) -> int:
    """How often something of the store is read until its damage is taken for the store's own."""
    return 1 if ability(store, Files) is not None else _READS


def reread(times: int, read: Callable[[], _Result], *damage: type[Exception]) -> _Result:
    """What read gives; done up to so many times while it raises damage, and then that."""
    for _ in range(times - 1):
        try:
            return read()
        except damage as error:
            log.info("reading again: %s", error)
    return read()
