"""Changing what is said of a run from outside: edits, files, artifacts, its end."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wbart import names
from wbart.drafts.saving import check_loggable
from wbart.errors import ArgumentInvalid, Conflict, Error, RunNotFound
from wbart.lineage.edges import edge_of
from wbart.recording import text
from wbart.recording.logged import run_tags
from wbart.recording.path import RunPath
from wbart.recording.record import FileFact, RunRecord, exists, read_record
from wbart.recording.stored import put_files
from wbart.recording.value import to_json
from wbart.recording.writer import RunWriter, Said
from wbart.runindex.fields import is_deleted
from wbart.runs.file import RunFile, made_files
from wbart_manifest.digest import Digest
from wbart_manifest.path import canonical

if TYPE_CHECKING:
    from typing import Unpack

    from wbart.artifact import Artifact
    from wbart.workspace import Workspace

_NEXT = {
    "pending": ("running", "failed", "crashed", "preempted"),
    "failed": ("pending", "running"),
}


def undeleted(workspace: Workspace, path: RunPath) -> RunRecord:
    """The record of a run as it is now. RunNotFound, too, when somebody has deleted the run."""
    record = read_record(workspace.store.objects, path)
    if is_deleted(record):
        raise RunNotFound(f"Could not find run {path}")
    return record


def edit(
    workspace: Workspace, record: RunRecord, fields: dict[str, Any], **said: Unpack[Said]
) -> None:
    """Say something about a run that is not this process's own."""
    store = workspace.store
    writer = RunWriter(store.objects, record.path, workspace.actor, store.clock, record.next)
    writer.edit(fields, **said)


def create(
    workspace: Workspace,
    run_id: str | None,
    project: str | None,
    entity: str | None,
    state: str,
) -> RunPath:
    """Begin a run that nobody writes to yet. Raises Conflict when its id is taken."""
    if state not in ("running", "pending"):
        raise ArgumentInvalid(f"a run is created running or pending, not {state!r}")
    home = workspace.within(entity and names.entity(entity), project and names.project(project))
    name = names.run_id(run_id) if run_id else names.random_run_id()
    path = RunPath(home.entity, home.project, name)
    writer = RunWriter(home.store.objects, path, home.actor, home.store.clock)
    if exists(home.store.objects, path):
        raise Conflict(f"there is a run {path} already")
    writer.start({"state": state, "name": name, "first_part": 0}, fresh=True)
    return path


def changed(
    record: RunRecord,
    said: Mapping[str, Any],
    config: Mapping[str, Any],
    summary: Mapping[str, Any],
) -> dict[str, Any]:
    """The fields that differ from what the record says, checked and as JSON."""
    hidden = {name: value for name, value in record.fields.get("config", {}).items()
              if name in ("_wandb", "wandb_version")}  # fmt: skip
    now = {
        **{name: text.said(name, value) for name, value in said.items() if name != "tags"},
        "tags": run_tags(said["tags"]),
        "config": to_json({**config, **hidden}),
        "summary": to_json(summary),
    }
    empty: dict[str, Any] = {"tags": [], "config": {}, "summary": {}, "name": record.path.id}
    return {
        name: value for name, value in now.items()
        if value != record.fields.get(name, empty.get(name))
    }  # fmt: skip


def next_state(now: str, wanted: str, sweep: str | None) -> str:
    """The wanted state, if a run in this one may be put into it; raises Error otherwise."""
    if wanted not in _NEXT:
        raise Error(f"a run can be made pending or failed, not {wanted!r}")
    if sweep is not None or now not in _NEXT[wanted]:
        whose = " of a sweep" if sweep is not None else ""
        raise Error(f"a run{whose} that is {now} cannot be made {wanted}")
    return wanted


def upload(
    workspace: Workspace,
    record: RunRecord,
    path: str | os.PathLike[str],
    root: str | os.PathLike[str],
) -> str:
    """Keep a local file with the run; the name that it has there."""
    if not os.path.isfile(path):
        raise ArgumentInvalid(f"no file to upload: {os.fspath(path)!r}")
    relative = os.path.relpath(os.path.abspath(path), os.path.abspath(root))
    parts = ("__" if part == ".." else part for part in Path(relative).parts)
    name = canonical("/".join(parts))
    edit(workspace, record, {}, files=dict(put_files(workspace, {name: Path(path)})))
    return name


def files(workspace: Workspace, record: RunRecord) -> Iterator[RunFile]:
    """All files of a run: those that were kept, and those made of its record."""

    def delete(name: str) -> None:
        newest = read_record(workspace.store.objects, record.path)
        if name in newest.files:
            edit(workspace, newest, {}, files={name: None})
        else:
            without = [*newest.fields.get("without", ()), name]
            edit(workspace, newest, {"without": sorted(set(without))})

    for name, fact in record.files.items():
        yield RunFile(workspace, name, fact, None, delete)
    for name, data in made_files(record).items():
        if name not in record.files:
            digest = str(Digest.of(data, workspace.store.algorithm))
            made = FileFact(digest, len(data), record.updated_at)
            yield RunFile(workspace, name, made, data, delete)


def log_artifact(
    workspace: Workspace,
    record: RunRecord,
    artifact: Artifact,
    aliases: Sequence[str] | None,
    tags: Sequence[str] | None,
) -> Artifact:
    """As `PublicRun.log_artifact`."""
    path, labels = record.path, (names.aliases(aliases), names.tags(tags))
    if artifact.is_draft():
        check_loggable(artifact._facts, workspace, path.entity, path.project, *labels)
        artifact._save(
            workspace, path.entity, path.project, run=path, aliases=labels[0], tags=labels[1]
        )
    elif any(labels):
        artifact.aliases = [*artifact.aliases, *labels[0]]
        artifact.tags = [*artifact.tags, *labels[1]]
        artifact.save()
    edit(workspace, record, {}, logged=(edge_of(artifact._at("id")),))
    return artifact


def use_artifact(workspace: Workspace, record: RunRecord, artifact: Artifact) -> Artifact:
    """As `PublicRun.use_artifact`."""
    if artifact.is_draft():
        raise ArgumentInvalid(f"only a logged artifact can be used: {artifact.name} is a draft")
    edit(workspace, record, {}, used=(edge_of(artifact._at("id")),))
    return artifact
