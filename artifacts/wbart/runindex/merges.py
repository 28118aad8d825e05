"""What a project's journal says of its finished runs: which segment has each, and up to where.

One op: `{"op": "merge", "segment": id, "runs": {run: next}, "replaces": [id, ...]}`. From then on
the segment has all that a run's increments below `next` said, and they may be deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import NamedTuple, cast
from weakref import WeakKeyDictionary

from wbart.version import TOOL
from wbart_storage.clock import SystemClock
from wbart_storage.config import StoreConfig, read_config
from wbart_storage.errors import ObjectMissing, StoreMissing
from wbart_storage.journal.journal import Journal
from wbart_storage.journal.record import Intent, Record
from wbart_storage.keys import runs_prefix
from wbart_storage.objects import ObjectStore

QUIET = 3600.0
"""Seconds for which nobody must have said anything of a run until it is merged."""


class Line(NamedTuple):
    """Up to where a run is merged."""

    next: int
    """The number of the first increment that still counts by itself."""
    segment: str


NO_LINE = Line(0, "")


class Merges:
    """The merged runs of a project at one moment. Not to be changed from outside."""

    def __init__(self) -> None:
        self.lines: dict[str, Line] = {}
        self.segments: dict[str, int] = {}
        """How many runs each segment in use is the newest for."""

    def line(self, run: str) -> Line:
        """Up to where a run is merged; 0 for one that is not."""
        return self.lines.get(run, NO_LINE)

    def take(self, segment: str, runs: Mapping[str, int]) -> list[str]:
        """Let the segment be the one of these runs; the segments that nobody needs any more."""
        before = set(self.segments)
        self.segments[segment] = len(runs)
        for run, number in runs.items():
            old = self.lines.get(run)
            if old is not None:
                self.segments[old.segment] -= 1
            self.lines[run] = Line(number, segment)
        for id_ in [id_ for id_, count in self.segments.items() if not count]:
            del self.segments[id_]
        return sorted(before - self.segments.keys())

    def accepts(self, segment: object, runs: object, replaces: object) -> bool:
        """Whether nothing is lost when the segment is taken: no run goes back, none is left out."""
        if not isinstance(segment, str) or not segment or segment in self.segments:
            return False
        if not isinstance(runs, dict) or not runs or not isinstance(replaces, list):
            return False
        if not all(isinstance(id_, str) and id_ in self.segments for id_ in replaces):
            return False
        going = set(replaces)
        found = 0
        for run, number in runs.items():
            if not isinstance(number, int) or isinstance(number, bool) or number < 1:
                return False
            line = self.lines.get(run, NO_LINE)
            again = line.segment in going
            if number < line.next or (number == line.next and not again):
                return False
            found += again
        return found == sum(self.segments[id_] for id_ in going)


class MergeFold:
    """Gives the journal of a project's runs its meaning. An op that it does not know is refused."""

    def initial(self) -> Merges:
        return Merges()

    def apply(self, state: Merges, intent: Intent, record: Record) -> object:
        op = intent.ops[0] if len(intent.ops) == 1 else {}
        segment, runs, replaces = op.get("segment"), op.get("runs"), op.get("replaces", [])
        if op.get("op") != "merge" or not state.accepts(segment, runs, replaces):
            return {"error": "conflict"}
        merged = cast("dict[str, int]", runs)
        return {"gone": state.take(str(segment), merged)}

    def dump(self, state: Merges) -> object:
        names = sorted(state.segments)
        numbers = {name: number for number, name in enumerate(names)}
        runs = {run: [line.next, numbers[line.segment]] for run, line in state.lines.items()}
        return {"segments": names, "runs": runs}

    def load(self, dumped: object) -> Merges:
        if not isinstance(dumped, dict):
            raise TypeError("no state of merged runs")
        state, names = Merges(), list(map(str, dumped["segments"]))
        state.segments = dict.fromkeys(names, 0)
        for run, (number, index) in dumped["runs"].items():
            state.lines[str(run)] = Line(int(number), names[index])
            state.segments[names[index]] += 1
        return state


class _Opened:
    """What this process knows of one store's merges."""

    def __init__(self, objects: ObjectStore) -> None:
        try:
            self.algorithm = read_config(objects).digest
        except StoreMissing:
            self.algorithm = StoreConfig().digest
        self.journals: dict[str, Journal[Merges]] = {}


_opened: WeakKeyDictionary[ObjectStore, _Opened] = WeakKeyDictionary()
_lock = Lock()


def journal(objects: ObjectStore, entity: str, project: str) -> Journal[Merges]:
    """The journal of a project's runs, kept warm as long as the store is open."""
    opened, prefix = _open(objects), runs_prefix(entity, project)
    with _lock:
        found = opened.journals.get(prefix)
        if found is None:
            algorithm, clock = opened.algorithm, SystemClock()
            found = Journal(
                objects, prefix, MergeFold(), algorithm=algorithm, clock=clock, tool=TOOL
            )
            opened.journals[prefix] = found
    return found


def algorithm(objects: ObjectStore) -> str:
    """The digest algorithm of the store."""
    return _open(objects).algorithm


def read_merges(objects: ObjectStore, entity: str, project: str) -> Merges:
    """The merged runs of a project as they are now; none when nothing was ever merged."""
    try:
        return journal(objects, entity, project).read()
    except ObjectMissing:
        return Merges()


def _open(objects: ObjectStore) -> _Opened:
    with _lock:
        opened = _opened.get(objects)
    if opened is None:
        opened = _Opened(objects)
        with _lock:
            opened = _opened.setdefault(objects, opened)
    return opened
