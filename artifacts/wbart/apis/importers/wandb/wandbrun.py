"""A W&B run on its way to become ours: one folder, or several of which each resumes the others."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final

from wbart.apis.importers.importedrun import ImportedRun, State
from wbart.apis.importers.namespace import Namespace
from wbart.apis.importers.wandb.console import FILE as CONSOLE
from wbart.apis.importers.wandb.console import Console
from wbart.apis.importers.wandb.environment import of_file
from wbart.apis.importers.wandb.logfile import LogFile
from wbart.apis.importers.wandb.rows import Rows
from wbart.apis.importers.wandb.runfolder import RunFolder
from wbart.apis.importers.wandb.story import Story
from wbart.apis.importers.wandb.versions import Versions, has_any
from wbart.errors import Error
from wbart_manifest.digest import Digest, Hasher, hasher
from wbart_storage.disk import source_error
from wbart_storage.errors import StorageError

_KILLED: Final = 255
"""The exit code of a run that was interrupted."""
_SERVER_S: Final = frozenset({"_wandb", "wandb_version"})
"""Of a config: what W&B keeps there for itself."""
_FORM: Final = b"1"
"""Of what is made of a run; another one has runs imported anew."""
_PIECE: Final = 1 << 20


class WandbRun:
    """One run of W&B's, read when its turn has come. Reading it changes nothing there."""

    def __init__(
        self, found: Sequence[RunFolder], home: Namespace | None = None, before: int = 0
    ) -> None:
        """found in the order in which they were made; before: runs of the id begun earlier."""
        self._found = found
        self._home = home
        self._before = before

    @property
    def id(self) -> str:
        """The run's id."""
        return self._found[0].id

    @property
    def lane(self) -> str:
        """Runs of one project that log artifacts take turns, so that versions get their order."""
        try:
            logs = [LogFile(each.log) for each in self._found]
            return "/".join(("wandb", *self._found[0].peek().run[:2])) if has_any(logs) else ""
        except (Error, StorageError):
            return ""  # `read` tells

    def read(self) -> ImportedRun:
        """Read it. Raises ArgumentInvalid where a log is damaged, SourceChanged, AccessDenied."""
        story, last = self._story(), self._found[-1]
        if "started" not in story.said:
            raise last.ends_early()
        problems = _problems(story, self._before)
        logs = [LogFile(each.log) for each in self._found]
        started = float(story.said.get("started") or 0.0)
        rows = Rows(logs, started, problems)
        versions = Versions(logs, self._place(story), problems)
        console = Console(self._found)
        return ImportedRun(
            id=str(story.said.get("id", last.id)),
            source=last.path.as_uri(),
            fingerprint=self._fingerprint(),
            artifacts_fingerprint=Digest.of(os.fsencode("\n".join(versions.lacking()))).hex,
            origin=f"wandb {story.said.get('id', last.id)} {started!r}",
            config={name: each for name, each in story.config.items() if name not in _SERVER_S},
            summary=story.summary,
            started=started,
            metadata={**of_file(last.files), **story.metadata},
            rows=rows.history,
            events=rows.samples,
            files=lambda: self._files(story, console, problems),
            artifacts=lambda: versions,
            problems=problems,
            **_said(story),
            **_end(story, started),
        )

    def _story(self) -> Story:
        story = Story()
        for each in self._found:
            story.take(LogFile(each.log))
        return story

    def _place(self, story: Story) -> Namespace:
        home = self._home or Namespace("", "")
        said = story.said
        return Namespace(
            home.entity or said.get("entity", ""), home.project or said.get("project", "")
        )

    def _files(
        self, story: Story, console: Console, problems: list[str]
    ) -> Iterator[tuple[str, Path]]:
        """A later folder's files take the place of those that are called the same."""
        saved = chain.from_iterable(each.saved() for each in self._found)
        files = {path: local for path, local in saved if path != CONSOLE}
        for path in story.files:
            local = next(filter(None, (each.local(path) for each in self._found[::-1])), None)
            if local is not None:
                files[path] = local
            elif path != CONSOLE:
                problems.append(f"file {path} is not there any more")
        yield from files.items()
        if (printed := console.path()) is not None:
            yield CONSOLE, printed

    def _fingerprint(self) -> str:
        """Of the logs' bytes, and of how the files look."""
        state = hasher("blake3")
        state.update(_FORM)
        for each in self._found:
            _add(state, each.log)
            for path, local in each.saved():
                status = local.stat()
                state.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
        return state.digest().hex()


def _said(story: Story) -> dict[str, Any]:
    names = ("entity", "project", "name", "notes", "group", "job_type")
    found: dict[str, Any] = {name: story.said.get(name) for name in names}
    return {**found, "tags": tuple(story.said.get("tags", ()))}


def _end(story: Story, started: float) -> Mapping[str, Any]:
    """How the run ended: one that never said so crashed."""
    ended = max(story.seen.get("last", started), started + story.end.get("runtime", 0))
    code = story.end.get("code")
    state: State = "crashed" if code is None else "failed"
    if code in (0, _KILLED):
        state = "killed" if code else "finished"
    return {"state": state, "exit_code": code, "ended": ended}


def _problems(story: Story, before: int) -> list[str]:
    found = []
    if before:
        found.append(f"it was begun anew: {before} earlier runs of its id are not imported")
    if "cut" in story.seen:
        found.append("its log ends inside a record: it was read up to there")
    if "forked" in story.seen:
        found.append("it was forked from another run, whose rows W&B's server has")
    if "sweep" in story.said:
        found.append(f"its sweep {story.said['sweep']} is not imported: W&B's server has it")
    return found


def _add(state: Hasher, path: Path) -> None:
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                state.update(piece)
    except OSError as error:
        raise source_error(error, path) from error
