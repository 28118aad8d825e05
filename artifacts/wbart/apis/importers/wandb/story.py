"""What the records of a W&B run say of it together, but for its rows and its artifacts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from wbart.apis.importers.wandb.environment import environment, git
from wbart.apis.importers.wandb.logfile import LogFile
from wbart.apis.importers.wandb.message import Message, body, put_in, take_out, told

_RECORDS: Final = {
    3: "summary", 5: "config", 6: "files", 7: "stats", 13: "output", 17: "run",
    18: "exit", 26: "environment",
}  # fmt: skip
"""Fields of W&B's `Record`. What is not here is dropped: telemetry, alerts, metric definitions."""
_RUN_TEXTS: Final = {
    1: "id", 2: "entity", 3: "project", 6: "group", 7: "job_type", 8: "name", 9: "notes",
    12: "sweep",
}  # fmt: skip
_UPDATE, _REMOVE = 1, 2
_TIME: Final = 2
"""Of samples and of lines of the console."""


@dataclass
class Story:
    """Grows record by record."""

    said: dict[str, Any] = field(default_factory=dict)
    """Id, entity, project, name and the like, those that are said; `tags`, `host`, `started`."""
    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    files: dict[str, None] = field(default_factory=dict)
    """Paths that were saved, in order."""
    end: dict[str, int] = field(default_factory=dict)
    """`code`, once the run is over, and `runtime` in seconds."""
    seen: dict[str, float] = field(default_factory=dict)
    """`last`: when it was heard of last; `forked`: that it continues a run of the server's;
    `cut`: that a log ends inside a record."""

    def take(self, file: LogFile) -> None:
        """Take in all that the file says. Raises as `LogFile.records`, ArgumentInvalid."""
        self.end = {}  # whatever was before goes on in this file
        with told(file.path):
            for record in file.records():
                found = body(record, _RECORDS)
                if found is not None:
                    _TAKES[found[0]](self, Message(found[1]))
        if file.cut:
            self.seen["cut"] = 1

    def heard(self, time: float | None) -> None:
        """The run was alive at a time."""
        if time is not None:
            self.seen["last"] = max(time, self.seen.get("last", 0.0))

    def _run(self, run: Message) -> None:
        for number, name in _RUN_TEXTS.items():
            if text := run.text(number):
                self.said[name] = text
        if tags := run.texts(10):
            self.said["tags"] = tags
        if host := run.text(13):
            self.metadata.setdefault("host", host)
        self.said.setdefault("started", run.seconds(17))
        self.metadata.update(git(run.message(21)))
        if run.message(23) is not None:
            self.seen["forked"] = 1
        for number, take in ((4, Story._config), (5, Story._summary)):
            if (inner := run.message(number)) is not None:
                take(self, inner)

    def _config(self, config: Message) -> None:
        for path, value in config.items(_UPDATE):
            put_in(self.config, path, value)
        for path, _ in config.items(_REMOVE):
            take_out(self.config, path)

    def _summary(self, summary: Message) -> None:
        for path, value in summary.items(_UPDATE):
            put_in(self.summary, path, value)
        for path, _ in summary.items(_REMOVE):
            take_out(self.summary, path)
        time = self.summary.get("_timestamp")
        self.heard(float(time) if isinstance(time, int | float) else None)

    def _files(self, files: Message) -> None:
        self.files.update((each.text(1), None) for each in files.messages(1))

    def _timed(self, message: Message) -> None:
        self.heard(message.seconds(_TIME))

    def _exit(self, end: Message) -> None:
        self.end = {"code": end.integer(1), "runtime": end.integer(2)}

    def _environment(self, found: Message) -> None:
        self.metadata.update(environment(found))


_TAKES: Final[dict[str, Callable[[Story, Message], None]]] = {
    "run": Story._run,
    "config": Story._config,
    "summary": Story._summary,
    "files": Story._files,
    "stats": Story._timed,
    "output": Story._timed,
    "exit": Story._exit,
    "environment": Story._environment,
}
