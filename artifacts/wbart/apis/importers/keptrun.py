"""How an imported run becomes a run of the store: its record is written last, in one piece."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

from wbart.apis.importers.keptartifacts import Edges, KeptArtifacts, Owner, edges
from wbart.errors import ArgumentInvalid, Conflict, RunNotFound
from wbart.recording.logged import run_tags
from wbart.recording.record import FileFact, Part, RunRecord, read_record
from wbart.recording.stored import put_files
from wbart.recording.value import flat, to_json
from wbart.recording.writer import RunWriter, Said
from wbart.runs.historyparts import HistoryParts
from wbart_storage.clock import FixedClock
from wbart_storage.keys import run_prefix

if TYPE_CHECKING:
    from wbart.apis.importers.importedrun import ImportedRun
    from wbart.recording.path import RunPath
    from wbart.workspace import Workspace

Outcome = Literal["imported", "updated", "unchanged"]
FIELD: Final = "imported"
"""Of a record: source, origin, fingerprint, and what could not be read."""
_PART_SIZE: Final = 1 << 20
_OURS: Final = frozenset(
    {"state", "name", "notes", "tags", "group", "job_type", "config", "summary", "runtime",
     "exit_code", "metadata", "first_part", "deleted", FIELD}
)  # fmt: skip


class KeptRun:
    """A run at its place in the store, before and after it is imported."""

    def __init__(self, workspace: Workspace, path: RunPath, run: ImportedRun) -> None:
        """Raises Conflict when another run has its place."""
        self._workspace = workspace
        self._path = path
        self._run = run
        self._unchanged = False
        self._before = _read(workspace, path)
        self._prefix = run_prefix(path.entity, path.project, path.id)
        if self._before.next and self._said.get("origin") != _origin(run):
            raise Conflict(f"there is another run {path} already, so none is imported there")

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be read of it: now, or when it was imported as it is."""
        before = self._said.get("problems", ()) if self._unchanged else ()
        return tuple(self._run.problems or before)

    def keep(self, kept: KeptArtifacts, *, artifacts: bool) -> Outcome:
        """Store what is new of it: all of it, or when this raises nothing that is seen.

        What it logged is stored before its record. If this process is killed in between, the
        versions wait whole, and the next import finds them.
        """
        self._unchanged = self._is_known(artifacts)
        if self._unchanged:
            return "unchanged"
        owner = Owner(self._path, frozenset(self._before.logged))
        rows, first = self._rows()
        said: Said = {"parts": rows, "events": self._events(), "files": self._files()}
        found = edges(owner, kept, self._run.artifacts()) if artifacts else Edges((), ())
        said["used"], said["logged"] = found.used, found.logged
        self._say({**self._kept_fields(), **self._fields(first, artifacts)}, said)
        return "updated" if self._before.next else "imported"

    @property
    def _said(self) -> Mapping[str, Any]:
        """What the last import said of itself."""
        found: Mapping[str, Any] = self._before.fields.get(FIELD) or {}
        return found

    def _is_known(self, artifacts: bool) -> bool:
        said, run = self._said, self._run
        same = said.get("fingerprint") == run.fingerprint
        whole = not artifacts or said.get("artifacts") == run.artifacts_fingerprint
        return same and whole and "deleted" not in self._before.fields

    def _rows(self) -> tuple[tuple[Part, ...], int]:
        """The history as parts behind those that are there, and the number of the first."""
        parts = HistoryParts(self._workspace.store.objects, self._prefix)
        first = parts.count()
        return tuple(map(parts.append, _chunks(self._run.rows()))), first

    def _events(self) -> tuple[Part, ...]:
        """The samples of the machine, those that are there already passed over."""
        before = tuple(self._before.events.values())
        there = sum(part.rows for part in before)
        objects = self._workspace.store.objects
        parts = HistoryParts(objects, self._prefix, stream="events")
        return (*before, *map(parts.append, _chunks(self._run.events(), there)))

    def _files(self) -> dict[str, FileFact | None]:
        found = dict(self._run.files())
        return {**self._before.files, **(put_files(self._workspace, found) if found else {})}

    def _kept_fields(self) -> dict[str, Any]:
        """What was said of it here meanwhile that no source knows of."""
        return {name: each for name, each in self._before.fields.items() if name not in _OURS}

    def _fields(self, first_part: int, artifacts: bool) -> dict[str, Any]:
        run = self._run
        taken = run.artifacts_fingerprint if artifacts else self._said.get("artifacts")
        runtime = run.runtime
        if runtime is None:
            runtime = max(0.0, run.ended - run.started) if run.ended is not None else 0.0
        summary = {"_wandb": {"runtime": int(runtime)}, **to_json(run.summary)}
        found = {
            "state": run.state,
            "name": run.name or run.id,
            "notes": run.notes,
            "tags": run_tags(run.tags),
            "group": run.group,
            "job_type": run.job_type,
            "config": to_json(run.config),
            "summary": summary,
            "runtime": runtime,
            "exit_code": run.exit_code,
            "metadata": to_json(run.metadata),
            "first_part": first_part,
            FIELD: {
                "source": run.source,
                "origin": _origin(run),
                "fingerprint": run.fingerprint,
                "artifacts": taken,
                "problems": list(run.problems),
            },
        }
        return {name: value for name, value in found.items() if value is not None}

    def _say(self, fields: dict[str, Any], said: Said) -> None:
        """The whole record at once, as of its start; then, in a word of its own, that it is over.

        Of a run that goes on we know that it is alive now.
        """
        run, store = self._run, self._workspace.store
        clock = FixedClock(run.started)
        actor = str(run.metadata.get("username") or "")
        writer = RunWriter(store.objects, self._path, actor, clock, self._before.next)
        writer.start(fields, fresh=True, **said)
        if run.state == "running":
            clock.advance(max(0.0, store.clock.now() - run.started))
            writer.update({})
        else:
            clock.advance(max(0.0, (run.ended or run.started) - run.started))
            writer.finish({})


def _read(workspace: Workspace, path: RunPath) -> RunRecord:
    try:
        return read_record(workspace.store.objects, path)
    except RunNotFound:
        return RunRecord(path)


def _origin(run: ImportedRun) -> str:
    return run.origin or run.source


def _chunks(rows: Iterable[Mapping[str, Any]], skip: int = 0) -> Iterator[bytes]:
    """Rows as JSON lines, some of them together; the first ones passed over."""
    lines: list[bytes] = []
    size, last = 0, -1
    for number, row in enumerate(rows):
        if number < skip:
            continue
        step = row.get("_step")
        if not isinstance(step, int) or step < last:
            raise ArgumentInvalid(f"steps of a history must not go down: {step!r} after {last}")
        last = step
        line = json.dumps(_row(row), separators=(",", ":"), allow_nan=False).encode() + b"\n"
        lines.append(line)
        size += len(line)
        if size >= _PART_SIZE:
            yield b"".join(lines)
            lines, size = [], 0
    if lines:
        yield b"".join(lines)


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row flat, as live runs have it, but for values that are objects of their own kind."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping) and "_type" in value:
            found[name] = to_json(value)
        else:
            found.update(flat({name: value}, "log"))
    return found
