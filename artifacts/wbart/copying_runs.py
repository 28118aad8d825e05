"""Runs on their way to another store: so that lineage answers there as it did here."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from wbart.copying_objects import Sent
from wbart.runpath import RunPath
from wbart.runrecord import read_record
from wbart.runs import paths
from wbart_storage import readback
from wbart_storage.keys import increment_number, run_prefix
from wbart_storage.objects import ObjectStore

if TYPE_CHECKING:
    from wbart.workspace import Workspace

log = logging.getLogger(__name__)

_READERS = 16


def users(workspace: Workspace) -> dict[str, set[RunPath]]:
    """The runs that used a version, by the version's id; reads the record of every run."""
    objects = workspace.store.objects
    found: dict[str, set[RunPath]] = {}
    everybody = list(paths(workspace))
    if not everybody:
        return found
    with ThreadPoolExecutor(min(_READERS, len(everybody)), "wbart-copy-runs") as executor:
        for record in executor.map(lambda path: read_record(objects, path), everybody):
            for id_ in record.used:
                found.setdefault(id_, set()).add(record.path)
    return found


class Runs:
    """Copies records of runs, each once. What a run says later comes with a later copy."""

    def __init__(self, source: ObjectStore, target: ObjectStore, *, dry_run: bool) -> None:
        self._source = source
        self._target = target
        self._dry_run = dry_run
        self._done: set[RunPath] = set()
        self.copied = 0
        """Runs of which something travelled."""
        self.strangers: list[RunPath] = []
        """Runs that stayed behind, since the target has others of the same names."""

    def copy(self, wanted: Iterable[RunPath]) -> Sent:
        """Bring what the target lacks of these runs; how much that was."""
        sent = Sent()
        for path in sorted(set(wanted) - self._done):
            self._done.add(path)
            more = self._copy(path)
            self.copied += more.objects > 0
            sent = sent.plus(*more)
        return sent

    def _copy(self, path: RunPath) -> Sent:
        prefix = run_prefix(path.entity, path.project, path.id)
        ours, theirs = (
            self._increments(self._source, prefix),
            self._increments(self._target, prefix),
        )
        if not ours or len(theirs) >= len(ours):
            if theirs and ours and not self._same(theirs[len(ours) - 1]):
                self._stay_behind(path)
            return Sent()
        if theirs and not self._same(theirs[-1]):
            self._stay_behind(path)
            return Sent()
        sent = self._parts(prefix)
        for key in ours[len(theirs) :]:
            data = self._source.get(key)
            there = data if self._dry_run else self._create(key, data)
            if there != data:
                self._stay_behind(path)
                break
            sent = sent.plus(1, len(data))
        return sent

    def _parts(self, prefix: str) -> Sent:
        """Bring what increments speak of, such as parts of the history, before these."""
        sent = Sent()
        there = {stat.key for stat in self._target.list(prefix)}
        for stat in list(self._source.list(prefix)):
            is_part = stat.key.count("/") > prefix.count("/")
            if is_part and stat.key not in there:
                data = self._source.get(stat.key)
                if not self._dry_run:
                    self._target.put(stat.key, data)
                sent = sent.plus(1, len(data))
        return sent

    def _create(self, key: str, data: bytes) -> bytes:
        return readback.create(self._target, key, data, time.sleep)

    def _same(self, key: str) -> bool:
        """Whether both stores have the same increment: then the run is the same so far."""
        return self._source.get(key) == self._target.get(key)

    def _stay_behind(self, path: RunPath) -> None:
        log.info("the target has another run %s", path)
        self.strangers.append(path)

    @staticmethod
    def _increments(objects: ObjectStore, prefix: str) -> list[str]:
        """The keys of a run's increments, which are numbered without gaps."""
        listed = (stat.key for stat in objects.list(prefix, "/"))
        return [key for key in listed if increment_number(key) is not None]
