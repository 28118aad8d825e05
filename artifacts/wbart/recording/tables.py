"""Tables that a run logs: each also lies in a version of its own, with the media in its cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from wbart.media.value import Holder, WBValue
from wbart.recording import keys

if TYPE_CHECKING:
    from wbart.artifact import Artifact
    from wbart.media.table import Table
    from wbart.recording.liverun import Run

TABLES = ("table", "partitioned-table", "joined-table")
"""The log types of tables."""


def log_table(run: Run, key: str, table: WBValue, holder: Holder) -> Any:
    """The JSON of a table that a run logs under a key; W&B's version of it is logged besides.

    What later rows refer to by its version has to be one before this returns.
    """
    grows = getattr(table, "log_mode", None) == "INCREMENTAL"
    if table._target is None and table._origin is None:
        artifact = _increments(run, key) if grows else _version(f"run-{run.id}-{key}", "run_table")
        inside = keys.in_paths(key)
        artifact.add(table, _increment_name(run, inside, cast("Table", table)) if grows else inside)
        run.log_artifact(artifact)
        if grows or table._log_type != "table":
            artifact.wait()
    found = table.to_json(holder)
    if grows:
        cast("Table", table)._last_logged_idx = len(cast("Table", table).data) - 1
    return found


def _increments(run: Run, key: str) -> Artifact:
    return _version(f"run-{run.id}-incr-{key}", "wandb-run-incremental-table", grows=True)


def _increment_name(run: Run, key: str, table: Table) -> str:
    milliseconds = int(run.workspace.store.clock.now() * 1000)
    return f"{table._increment_num or 0}-{milliseconds}.{key}"


def _version(name: str, type_: str, *, grows: bool = False) -> Artifact:
    """A draft of a type that is not for users to give."""
    from wbart.artifact import Artifact

    artifact = Artifact(keys.in_names(name), "placeholder", incremental=grows)
    artifact._facts.type = type_
    return artifact
