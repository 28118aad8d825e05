"""Runs on their way to another store: so that lineage answers there as it did here."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from wbart.copying.files import RunFiles
from wbart.copying.objects import Sent
from wbart.errors import RunNotFound
from wbart.recording.increment import FileFact, Increment, RunRecord
from wbart.recording.path import RunPath
from wbart.recording.record import read_record
from wbart.runindex.index import Index
from wbart.runindex.merges import read_merges
from wbart_storage.journal import readback
from wbart_storage.keys import history_prefix, increment_key, increment_number, run_prefix
from wbart_storage.objects import ObjectStore

if TYPE_CHECKING:
    from wbart.workspace import Workspace

log = logging.getLogger(__name__)


def users(workspace: Workspace) -> dict[str, set[RunPath]]:
    """The runs that used a version, by the version's id."""
    with Index.open(workspace) as index:
        index.sync_all()
        return index.edges.all_consumers()


class Runs:
    """Copies records of runs, each once. What a run says later comes with a later copy."""

    def __init__(
        self, source: ObjectStore, target: ObjectStore, files: RunFiles, *, dry_run: bool
    ) -> None:
        self._files = files
        self._source = source
        self._target = target
        self._dry_run = dry_run
        self._done: set[RunPath] = set()
        self.copied = 0
        """Runs of which something travelled."""
        self.strangers: list[RunPath] = []
        """Runs that stayed behind, since the target has others of the same names."""
        self.bare: list[RunPath] = []
        """Runs whose files stayed behind, since the target has another kind of digests."""

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
        try:
            ours = read_record(self._source, path)
        except RunNotFound:
            return Sent()
        merged = any(
            read_merges(objects, path.entity, path.project).line(path.id).next
            for objects in (self._source, self._target)
        )
        sent = self._copy_whole(ours) if merged else self._copy_increments(ours)
        return sent if path in self.strangers else self._copy_rows(path, sent)

    def _copy_increments(self, record: RunRecord) -> Sent:
        path = record.path
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
        sent = self._bring_files(record)
        for key in ours[len(theirs) :]:
            data = self._source.get(key)
            there = data if self._dry_run else self._create(key, data)
            if there != data:
                self._stay_behind(path)
                break
            sent = sent.plus(1, len(data))
        return sent

    def _copy_whole(self, ours: RunRecord) -> Sent:
        """A run that is merged here or there has no increments to compare; its record says all."""
        path, sent = ours.path, Sent()
        try:
            theirs = read_record(self._target, path)
        except RunNotFound:
            theirs = RunRecord(path)
        if theirs.next and theirs.created_at != ours.created_at:
            self._stay_behind(path)
        elif _is_news(ours, theirs):
            sent = self._bring_files(ours)
            prefix = run_prefix(path.entity, path.project, path.id)
            for number, said in enumerate(_said(ours, theirs), theirs.next):
                data = said.encode()
                if not self._dry_run:
                    self._create(increment_key(prefix, number), data)
                sent = sent.plus(1, len(data))
        return sent

    def _bring_files(self, record: RunRecord) -> Sent:
        """Files come before what names them."""
        if record.files and not self._files.same_digests:
            self.bare.append(record.path)
        return self._files.bring(record.files.values())

    def _copy_rows(self, path: RunPath, sent: Sent) -> Sent:
        """The parts of what it logged that the target lacks."""
        prefix = run_prefix(path.entity, path.project, path.id)
        for stream in ("history", "events"):
            rows = history_prefix(prefix, stream)
            there = {stat.key for stat in self._target.list(rows)}
            for stat in self._source.list(rows):
                if stat.key in there:
                    continue
                if not self._dry_run:
                    self._create(stat.key, self._source.get(stat.key))
                sent = sent.plus(1, stat.size)
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


def _is_news(ours: RunRecord, theirs: RunRecord) -> bool:
    """Whether the source knows more; who edits with a clock that is behind makes nothing newer."""
    if ours.updated_at != theirs.updated_at:
        return ours.updated_at > theirs.updated_at
    said = [(each.fields, each.used, each.logged, each.files) for each in (ours, theirs)]
    return said[0] != said[1]


def _said(ours: RunRecord, theirs: RunRecord) -> Iterator[Increment]:
    """What has to be said of a run so that its record becomes ours."""
    if not theirs.next:
        yield Increment(
            kind="start", writer=ours.writer, actor=ours.actor, ts=ours.created_at, fresh=True
        )
    gone: dict[str, FileFact | None] = dict.fromkeys(theirs.files.keys() - ours.files.keys())
    yield Increment(
        kind="finish" if ours.ended else "edit",
        writer=ours.writer,
        actor=ours.actor,
        ts=ours.updated_at,
        set=ours.fields,
        used=tuple(ours.used.values()),
        logged=tuple(ours.logged.values()),
        parts=tuple(ours.parts.values()),
        events=tuple(ours.events.values()),
        files={**gone, **ours.files},
    )
