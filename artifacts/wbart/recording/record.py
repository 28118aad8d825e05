"""Reading the record of a run: the segment that it was merged into, and what was said since.

Who merges runs first commits the segment and then deletes increments. So who reads first lists
the increments and then asks the journal: what the list lacks, the journal's answer knows of. An
increment that vanishes in between sends us back to the start.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from weakref import WeakKeyDictionary

from wbart.errors import RunNotFound
from wbart.recording.increment import Edge, FileFact, Increment, Part, RunRecord, decode
from wbart.recording.path import RunPath
from wbart.runindex.merges import Line, algorithm, read_merges
from wbart.runindex.segment import Packed, unpack
from wbart.runindex.segment import decode as decode_segment
from wbart_storage.errors import JournalCorrupt, ObjectMissing, StoreUnsupported
from wbart_storage.keys import increment_key, increment_number, run_prefix, segment_key
from wbart_storage.objects import ObjectStore
from wbart_storage.reread import reads, reread

__all__ = [
    "Edge",
    "FileFact",
    "Increment",
    "Part",
    "RunRecord",
    "continued",
    "decode",
    "exists",
    "merged_record",
    "read_increment",
    "read_record",
    "read_segment",
]

_READERS = 16
_TURNS = 8
"""How often a reader starts again, since what he was told of was merged meanwhile."""


def read_record(objects: ObjectStore, path: RunPath) -> RunRecord:
    """The run's record as it is now. Raises RunNotFound."""
    missing: ObjectMissing | None = None
    for _ in range(_TURNS):
        try:
            return _read(objects, path)
        except ObjectMissing as error:
            missing = error
    raise JournalCorrupt(str(path), f"the record cannot be read: {missing}") from missing


def read_increment(objects: ObjectStore, key: str) -> Increment:
    """The increment at key. Raises ObjectMissing, JournalCorrupt, StoreUnsupported."""
    return reread(
        reads(objects),
        lambda: decode(objects.get(key), key),
        JournalCorrupt,
        StoreUnsupported,  # as one flipped bit of the version has it
    )


def exists(objects: ObjectStore, path: RunPath) -> bool:
    """Whether there is, or ever was, a run at the path."""
    try:
        read_record(objects, path)
    except RunNotFound:
        return False
    return True


def merged_record(objects: ObjectStore, path: RunPath, line: Line) -> RunRecord:
    """The record up to a line; ObjectMissing when its segment has been replaced meanwhile."""
    if not line.next:
        return RunRecord(path)
    packed = read_segment(objects, path.entity, path.project, line.segment).get(path.id)
    if packed is None or packed.next != line.next:
        raise JournalCorrupt(line.segment, f"run {path} is not in the segment as told")
    return unpack(path, packed)


def continued(objects: ObjectStore, record: RunRecord, numbers: Iterable[int]) -> RunRecord:
    """The record with its increments of these numbers taken in; ObjectMissing for one that is gone.

    Numbers below the record's own are passed over. JournalCorrupt when one is left out.
    """
    path = record.path
    prefix = run_prefix(path.entity, path.project, path.id)
    keys = [increment_key(prefix, number) for number in sorted(numbers) if number >= record.next]
    for key, increment in zip(keys, _get_all(objects, keys), strict=True):
        if increment_number(key) != record.next:
            raise JournalCorrupt(key, f"increment {record.next} is missing")
        record.apply(increment)
    return record


class _Last:
    """The segment that was read last, since whoever reads one run of it may read the next."""

    def __init__(self) -> None:
        self.key = ""
        self.runs: Mapping[str, Packed] = {}


_last: WeakKeyDictionary[ObjectStore, _Last] = WeakKeyDictionary()
_lock = Lock()


def read_segment(
    objects: ObjectStore, entity: str, project: str, segment: str
) -> Mapping[str, Packed]:
    """The records in a segment, by run. Raises ObjectMissing, JournalCorrupt."""
    key = segment_key(entity, project, segment)
    with _lock:
        last = _last.setdefault(objects, _Last())
        if last.key == key:
            return last.runs
    known = algorithm(objects)
    runs = reread(
        reads(objects), lambda: decode_segment(objects.get(key), key, known), JournalCorrupt
    )
    with _lock:
        last.key, last.runs = key, runs
    return runs


def _read(objects: ObjectStore, path: RunPath) -> RunRecord:
    prefix = run_prefix(path.entity, path.project, path.id)
    listed = [increment_number(stat.key) for stat in objects.list(prefix, "/")]
    line = read_merges(objects, path.entity, path.project).line(path.id)
    numbers = [number for number in listed if number is not None]
    record = continued(objects, merged_record(objects, path, line), numbers)
    if not record.next:
        raise RunNotFound(f"Could not find run {path}")
    return record


def _get_all(objects: ObjectStore, keys: list[str]) -> list[Increment]:
    if len(keys) < 2:
        return [read_increment(objects, key) for key in keys]
    with ThreadPoolExecutor(min(_READERS, len(keys)), "wbart-run-read") as executor:
        return list(executor.map(lambda key: read_increment(objects, key), keys))
