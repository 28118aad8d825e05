"""The intake of one draft: what takes its files in, opened when the first one comes."""

from __future__ import annotations

import atexit
from collections import deque

from wbart_manifest.entry import Entry
from wbart_storage.staging.foreknown import Foreknown
from wbart_storage.staging.ingest import Second, Taken
from wbart_storage.store import Store
from wbart_storage.workers import Workers


class Intake:
    """A stage of one store with all that fills it. Serves one thread at a time."""

    def __init__(
        self,
        store: Store,
        second: Second | None,
        jobs: int,
        *,
        early: bool = False,
        foreknown: Foreknown | None = None,
    ) -> None:
        close_abandoned()
        self.store = store
        self.stage = store.stage()
        self.stage.foreknown = foreknown
        if early:
            self.stage.send_early(store.objects)
        self._executor = Workers(max(1, jobs), "wbart-intake")
        self.prints = store.fingerprints()
        self.ingest = store.ingest(self.stage, self.prints, self._executor, second)
        self.removed: set[bytes] = set()
        """Tokens of packs that hold something which was removed from the draft again."""
        _open.add(self)

    def close(self) -> None:
        """Let go of the stage; what was finished waits there for a while."""
        _open.discard(self)
        self._executor.shutdown()
        self.ingest.close()
        self.stage.close()
        self.prints.close()


_open: set[Intake] = set()
_abandoned: deque[Intake] = deque()


def abandon(intake: Intake) -> None:
    """Have an intake closed at the next safe moment.

    For whom the garbage collector calls: it may do so while a lock of `threading` is held, and
    closing joins threads, which waits for that lock for ever.
    """
    _abandoned.append(intake)


def close_abandoned() -> None:
    """Close what was abandoned."""
    while _abandoned:
        _abandoned.popleft().close()


def _close_all() -> None:
    close_abandoned()
    for intake in list(_open):
        intake.close()


atexit.register(_close_all)


def entry_of(taken: Taken, path: str, extra: bytes) -> Entry:
    """The entry of a file that was taken in."""
    return Entry(path, taken.size, taken.digest, None, taken.location, taken.second, extra)
