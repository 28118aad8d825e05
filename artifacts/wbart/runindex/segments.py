"""Merging: the records of runs that are over go together into one segment.

The segment is stored first, then the project's journal takes it, then what it stands for is
deleted; so at every moment each record can be read, wherever whoever merges may die. What he
leaves behind (a segment that nobody took, increments that are merged already) the next one finds.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Container, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import NamedTuple

from wbart.recording.increment import RunRecord
from wbart.recording.path import RunPath
from wbart.recording.record import continued, merged_record, read_segment
from wbart.runindex.merges import QUIET, Merges, algorithm, journal, read_merges
from wbart.runindex.segment import Packed, encode, pack
from wbart_storage.clock import Clock
from wbart_storage.errors import JournalCorrupt, ObjectMissing
from wbart_storage.journal import readback
from wbart_storage.journal.record import Intent
from wbart_storage.keys import increment_key, increment_number, live_prefix, run_prefix, segment_key
from wbart_storage.keys import unquote as unquoted
from wbart_storage.objects import ObjectStore, Tidies, ability
from wbart_storage.tokens import token_hex

log = logging.getLogger(__name__)

LEAST = 200
"""So many runs that are over are worth a segment."""
MOST = 10_000
"""Records in one segment."""
_SILENT = 7 * 24 * 3600.0
"""Seconds without a word, after which a run that never said its last one is over, too."""
_READERS = 16


class Home(NamedTuple):
    """The project whose runs are meant."""

    entity: str
    project: str


def live_runs(objects: ObjectStore, home: Home) -> dict[str, list[int]]:
    """The numbers of the increments that lie there, by run; in one listing."""
    prefix = live_prefix(*home)
    found: dict[str, list[int]] = {}

    def run_of(key: str) -> str:
        return key[len(prefix) :].partition("/")[0]

    keys = (stat.key for stat in objects.list(prefix))
    for run, group in groupby(keys, run_of):
        numbers = [number for key in group if (number := increment_number(key)) is not None]
        if numbers:
            found[unquoted(run)] = numbers
    return found


def is_over(record: RunRecord, now: float, quiet: float = QUIET) -> bool:
    """Whether nobody is expected to write the run any more, so that it may be merged."""
    waited = now - record.updated_at
    if record.ended:
        return waited >= quiet
    return record.fields.get("state", "running") != "running" and waited >= _SILENT


def merge(
    objects: ObjectStore,
    home: Home,
    clock: Clock,
    actor: str,
    *,
    among: Container[str] | None = None,
    least: int = LEAST,
    most: int = MOST,
    quiet: float = QUIET,
) -> int:
    """Merge the runs of a project that are over, if they are at least so many; how many it were.

    With among, only these are looked at. At most so many lie in one segment. Two at once: one
    wins, the other has done nothing. Raises what the store raises; nothing is lost then.
    """
    listed = live_runs(objects, home)
    merges = read_merges(objects, *home)
    lines = {run: merges.line(run) for run in listed}
    _delete(objects, home, {run: line.next for run, line in lines.items()}, listed)
    newer = {
        run: numbers
        for run, numbers in listed.items()
        if numbers[-1] >= lines[run].next and (among is None or run in among)
    }
    records = list(_records(objects, home, merges, newer))
    over = [record for record in records if is_over(record, clock.now(), quiet)]
    over = over[:most]
    if len(over) < max(least, 1):
        return 0
    replaced = _replaced(merges, len(over), most)
    packed = {record.path.id: pack(record) for record in over}
    try:
        packed = {**_kept(objects, home, merges, replaced), **packed}
    except ObjectMissing as error:
        log.info("runs of %s/%s are being merged by somebody else: %s", *home, error)
        return 0
    gone = _commit(objects, home, clock, actor, packed, replaced)
    if gone is None:
        return 0
    _delete(objects, home, {record.path.id: record.next for record in over}, listed)
    objects.delete([segment_key(*home, id_) for id_ in gone])
    return len(over)


def _records(
    objects: ObjectStore, home: Home, merges: Merges, listed: Mapping[str, list[int]]
) -> Iterator[RunRecord]:
    def read(run: str) -> RunRecord | None:
        path, line = RunPath(*home, run), merges.line(run)
        try:
            return continued(objects, merged_record(objects, path, line), listed[run])
        except ObjectMissing:
            return None  # somebody else merges it
        except JournalCorrupt as error:
            log.warning("run %s is not merged: %s", path, error)
            return None

    if listed:
        with ThreadPoolExecutor(min(_READERS, len(listed)), "wbart-merge") as executor:
            for record in executor.map(read, listed):
                if record is not None:
                    yield record


def _replaced(merges: Merges, new: int, most: int) -> list[str]:
    """The segments to put into the new one: those not larger than what it has so far.

    So a record is written again only as often as the number of runs doubles.
    """
    chosen = []
    found = dict(merges.segments)
    for count, id_ in sorted((count, id_) for id_, count in found.items()):
        if count > new or count + new > most:
            break
        new += count
        chosen.append(id_)
    return chosen


def _kept(
    objects: ObjectStore, home: Home, merges: Merges, replaced: list[str]
) -> dict[str, Packed]:
    """The records of these segments that are not told anew in another."""
    return {
        run: packed
        for id_ in replaced
        for run, packed in read_segment(objects, *home, id_).items()
        if merges.line(run) == (packed.next, id_)
    }


def _commit(
    objects: ObjectStore,
    home: Home,
    clock: Clock,
    actor: str,
    packed: Mapping[str, Packed],
    replaced: list[str],
) -> list[str] | None:
    """Store the segment and tell the journal; the segments that are of no use now.

    None when somebody else was quicker; then it is gone again.
    """
    id_, data = encode(packed.values(), algorithm(objects))
    key = segment_key(*home, id_)
    readback.create(objects, key, data, time.sleep)
    op: dict[str, object] = {
        "op": "merge",
        "segment": id_,
        "runs": {run: each.next for run, each in packed.items()},
        "replaces": replaced,
    }
    intent = Intent(txid=token_hex(16), actor=actor, ts=clock.now(), ops=(op,))
    _, outcome = journal(objects, *home).commit(intent)
    if isinstance(outcome, dict) and "gone" in outcome:
        return [str(gone) for gone in outcome["gone"]]
    log.info("runs of %s/%s were merged by somebody else", *home)
    objects.delete([key])
    return None


def _delete(
    objects: ObjectStore, home: Home, below: Mapping[str, int], listed: Mapping[str, list[int]]
) -> None:
    """Delete the increments of runs that are merged, below these numbers."""
    prefixes = {run: run_prefix(*home, run) for run, number in below.items() if number}
    keys = [
        increment_key(prefix, number)
        for run, prefix in prefixes.items()
        for number in listed[run]
        if number < below[run]
    ]
    if not keys:
        return
    objects.delete(keys)
    tidies = ability(objects, Tidies)
    if tidies is not None:
        tidies.tidy(prefixes.values())
