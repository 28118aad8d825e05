"""A create whose answer is not believed.

A response can be lost after the object landed, and whoever repeats the request, a library under
us or we, then loses against himself. So every answer but a clean yes is settled by reading the
key back: our bytes mean that we won, others that we lost, none that it may be tried again.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable

from wbart_storage.errors import (
    AccessDenied,
    KeyInvalid,
    ObjectMissing,
    Offline,
    OutcomeUnknown,
    StorageError,
    StoreFull,
    StoreRefused,
    StoreUnsupported,
)
from wbart_storage.objects import ObjectStore, Syncs, ability

log = logging.getLogger(__name__)

TRIES = 8
_JITTER = 0.05
_DEFINITE = (AccessDenied, KeyInvalid, Offline, StoreFull, StoreRefused, StoreUnsupported)
"""Errors of a create that was refused, and so cannot land later."""

Wait = Callable[[float], None]


def pause(wait: Wait) -> None:
    """Wait for a random moment of at most 50 ms: longer ones only lengthen the queue."""
    wait(random.uniform(0, _JITTER))


def create(store: ObjectStore, key: str, data: bytes, wait: Wait) -> bytes:
    """Create key, and return what then lies there: data if we won, else the winner's bytes.

    Raises what refuses the create for good, with nothing written; and OutcomeUnknown when data
    may be there or may land later.
    """
    doubt: StorageError | None = None
    for _ in range(TRIES):
        try:
            store.create(key, data)
        except StorageError as error:
            failure = error
        else:
            return data
        log.info("create of %s: %s; reading back", key, failure)
        there = _read_back(store, key, failure)
        if there == data:
            there = _settled(store, key, data)
        if isinstance(there, bytes):
            return there
        if doubt is None and there is None and isinstance(failure, _DEFINITE):
            raise failure
        doubt = there or failure
        if there and isinstance(failure, OutcomeUnknown):
            break  # who says so has waited for both already, for as long as it is worth
        pause(wait)
    raise OutcomeUnknown(f"create of {key} may or may not have landed: {doubt}") from doubt


def _settled(store: ObjectStore, key: str, data: bytes) -> bytes | StorageError:
    """Our bytes once they survive power loss, where that may be what failed; or why they do not."""
    syncs = ability(store, Syncs)
    try:
        if syncs is not None:
            syncs.sync([key])
    except StorageError as error:
        return error
    return data


def _read_back(store: ObjectStore, key: str, failure: StorageError) -> bytes | StorageError | None:
    """What lies at key after failure: bytes, nothing, or the error that hides it."""
    try:
        return store.get(key)
    except ObjectMissing:
        return None
    except StorageError as error:
        return error
