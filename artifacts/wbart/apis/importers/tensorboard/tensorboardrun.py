"""TensorBoardRun: a folder of event files as a run on its way into a store."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from wbart.apis.importers.importedrun import ImportedRun
from wbart.apis.importers.protobuf_wire import WireInvalid
from wbart.apis.importers.tensorboard.event import decode
from wbart.apis.importers.tensorboard.eventlog import EventLog
from wbart.apis.importers.tensorboard.logdir import EventFile, LogDir
from wbart.apis.importers.tensorboard.mediafiles import MediaFiles
from wbart.apis.importers.tensorboard.recordfile import RecordBroken, records
from wbart.apis.importers.tensorboard.rows import STANDARD, newest, rows
from wbart.apis.importers.tensorboard.series import Series

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TensorBoardRun:
    """All event files below a root as one run: a `RunSource`.

    A key is a tag, behind the folder where its files lie below the root, as in `train/loss`.
    """

    folder: LogDir
    scratch: Path
    """A folder for the media and for copies of the files; they must last until it is imported."""
    run_id: str | None = None
    lane: Final[str] = ""

    @property
    def id(self) -> str:
        """The id that was given, or the one that always comes of this folder."""
        return self.run_id or self.folder.run_id

    def read(self) -> ImportedRun:
        """Read all files, each as far as it is whole."""
        fingerprint = self.folder.fingerprint()
        media = MediaFiles(self.scratch)
        logs, problems = _logs(self.folder, media)
        series, reserved = _keys(logs)
        for each in logs.values():
            reserved += each.skipped
        problems += [f"not taken: {count} {what}" for what, count in sorted(reserved.items())]
        started, ended = _times(logs, self.folder)
        sessions = {name: each.session for name, each in logs.items() if each.session.is_known}
        groups = {each.group for each in sessions.values()} - {""}
        failed = any(each.state == "failed" for each in sessions.values())
        return ImportedRun(
            id=self.id,
            source=self.folder.root.as_uri(),
            fingerprint=fingerprint,
            origin=self.folder.origin,
            name=self.folder.root.name or None,
            config=_config({name: each.parameters for name, each in sessions.items()}),
            summary=newest(series, started),
            group=groups.pop() if len(groups) == 1 else None,
            state="failed" if failed else "finished",
            started=started,
            ended=ended,
            rows=lambda: rows(series, started),
            files=lambda: _files(self.folder, media, self.scratch),
            problems=problems,
        )


def _logs(folder: LogDir, media: MediaFiles) -> tuple[dict[str, EventLog], list[str]]:
    """What the files say, by folder below the root, and where they break off."""
    logs: dict[str, EventLog] = {}
    problems: list[str] = []
    for file in folder.files:
        found = logs.setdefault(file.namespace, EventLog(media))
        try:
            _read(file, found)
        except (RecordBroken, WireInvalid, OSError) as error:
            problems.append(f"{file.path} is read up to a break: {error}")
    for name, each in logs.items():
        if each.purged:
            log.info("a restart in %s made %s values void", name or folder.root, each.purged)
    return logs, problems


def _read(file: EventFile, found: EventLog) -> None:
    with file.local.open("rb") as opened:
        for record in records(opened, file.size):
            found.add(decode(record))


def _keys(logs: dict[str, EventLog]) -> tuple[dict[str, Series], Counter[str]]:
    """The series by the key that each has in rows, and how many values no key can be had for."""
    found: dict[str, Series] = {}
    lost: Counter[str] = Counter()
    for name, each in logs.items():
        for tag, series in each.series.items():
            key = f"{name}/{tag}" if name else tag
            if key in STANDARD:
                lost[f"values of {key}, which is a row's own"] += len(series)
            elif key in found:
                found[key].extend(series)
            else:
                found[key] = series
    return found, lost


def _times(logs: dict[str, EventLog], folder: LogDir) -> tuple[float, float]:
    """When it was begun and ended: as events tell, or else the files' names."""
    began = [each.session.began for each in logs.values() if each.session.began > 0]
    ended = [each.session.ended for each in logs.values() if each.session.ended > 0]
    began += [each.first for each in logs.values()]
    ended += [each.last for each in logs.values()]
    first, last = min(began), max(ended)
    if not math.isfinite(first):
        first = float(min(file.made for file in folder.files)[0])
    return first, max(first, last)


def _config(found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The hyperparameters: those of a single session as they are, of several by their folder."""
    if len(found) == 1:
        return next(iter(found.values()))
    config = {name: each for name, each in found.items() if name}
    return {**config, **found.get("", {})}


def _files(folder: LogDir, media: MediaFiles, scratch: Path) -> Iterator[tuple[str, Path]]:
    """The media, and the event files themselves, as W&B keeps them: they hold what is not taken.

    They may grow while they are stored, so what was read of them is copied.
    """
    yield from media.files.items()
    for number, file in enumerate(folder.files):
        local = scratch / f"{number}.tfevents"
        with local.open("wb") as copy:
            copy.writelines(file.blocks())
        yield file.path, local
