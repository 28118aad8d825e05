"""How a run logs, uses and links artifacts: what its methods of these names do."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from wbart import names
from wbart.artifact import Artifact
from wbart.drafts.landing import Landing
from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid
from wbart.lineage.edges import edge_of
from wbart.recording.artifacts import Labels
from wbart.recording.text import storable
from wbart.refs.loading import load
from wbart.refs.refpath import link_target

if TYPE_CHECKING:
    from wbart.recording.liverun import Run

log = logging.getLogger(__name__)

Source = str | os.PathLike[str]


def made(
    run: Run, artifact_or_path: Artifact | Source, name: str | None, type: str | None
) -> Artifact:
    """The artifact itself, or a new draft of the file, the folder or what the URI refers to."""
    if isinstance(artifact_or_path, Artifact):
        return artifact_or_path
    if not isinstance(artifact_or_path, str | os.PathLike):
        raise ArgumentTypeInvalid(
            f"an artifact or a path can be logged, not {artifact_or_path.__class__.__name__}"
        )
    path = os.fspath(artifact_or_path)
    base = os.path.basename(path.rstrip("/"))
    draft = Artifact(name or names.default_artifact_name(run.id, base), type or "unspecified")
    if os.path.isfile(path):
        draft.add_file(path)
    elif os.path.isdir(path):
        draft.add_dir(path)
    elif "://" in path:
        draft.add_reference(path)
    else:
        raise ArgumentInvalid(f"path must be a file, directory or external reference: {path!r}")
    return draft


def log_artifact(
    run: Run, artifact: Artifact, aliases: object, tags: object, *, output: bool = True
) -> Artifact:
    """Log a draft in the background; a version that is one already only gets the labels."""
    labels = Labels.of(aliases, tags)
    _settle(artifact)
    if artifact.is_draft():
        step, draft = run._history.next_step, artifact._loggable
        landing = run._artifacts.log(draft, labels, step, artifact._land, output=output)
        _begin(run, artifact, landing)
    else:
        _again(run, artifact, labels)
    return artifact


def use_artifact(
    run: Run,
    artifact_or_name: Artifact | str,
    type: str | None,
    aliases: object,
    use_as: str | None,
) -> Artifact:
    """Find the version, or make the draft one, and record that the run took it in."""
    labels = Labels.of(aliases, None)
    if isinstance(artifact_or_name, Artifact):
        artifact = artifact_or_name
        _check_type(artifact, type)
        _settle(artifact)
    else:
        artifact = Artifact._of(load(run.workspace, artifact_or_name, type))
    if artifact.is_draft():
        log_artifact(run, artifact, labels.aliases, None, output=False).wait()
    elif labels.aliases:
        artifact.aliases = [*artifact.aliases, *labels.aliases]
        artifact.save()
    run._use(artifact)
    return artifact


def link_artifact(
    run: Run, artifact: Artifact, target_path: str, aliases: list[str] | None
) -> Artifact:
    """Log the draft if it is one, then link it; the run fills in what the target leaves out."""
    organization = run.workspace.organization
    home = link_target(
        target_path, entity=run.entity, project=run.project, organization=organization
    )
    target = "/".join(home)
    names.aliases(aliases)
    if not isinstance(artifact, Artifact):
        raise ArgumentTypeInvalid(f"only an artifact can be linked, not {type(artifact).__name__}")
    _settle(artifact)
    if artifact.is_draft():
        log_artifact(run, artifact, None, None).wait()
    return artifact.link(target, aliases)


def upsert_artifact(
    run: Run, artifact: Artifact, aliases: object, distributed_id: str | None
) -> Artifact:
    """Store the draft as a shard, in the background."""
    shared = _shared(run, artifact, distributed_id, "upsert")
    labels = Labels.of(aliases, None)
    landing = run._artifacts.put_shard(artifact._loggable, labels, shared, artifact._land)
    return _begin(run, artifact, landing)


def finish_artifact(
    run: Run, artifact: Artifact, aliases: object, distributed_id: str | None
) -> Artifact:
    """Merge all shards and the draft, and commit them, in the background."""
    shared = _shared(run, artifact, distributed_id, "finish")
    labels, step = Labels.of(aliases, None), run._history.next_step
    landing = run._artifacts.merge_shards(artifact._loggable, labels, shared, step, artifact._land)
    return _begin(run, artifact, landing)


def tell(path: str, failures: list[str]) -> None:
    """Warn of uploads that failed, so that nobody takes silence for success."""
    for failure in failures:
        log.warning("run %s: an artifact was not logged: %s", path, failure)


def run_tags(tags: object) -> list[str]:
    """Check the tags of a run: texts that are not empty; one text is a list of one."""
    if not isinstance(tags, str | Iterable | None):
        raise ArgumentTypeInvalid(f"tags of a run are a list of texts, not {tags!r}")
    found = [tags] if isinstance(tags, str) else list(tags or ())
    for tag in found:
        if not isinstance(tag, str) or not tag.strip():
            raise ArgumentInvalid(f"a tag of a run is a text that is not empty, not {tag!r}")
    return list(dict.fromkeys(map(storable, found)))


def _shared(run: Run, artifact: Artifact, distributed_id: str | None, verb: str) -> str:
    shared = distributed_id or artifact.distributed_id or run.group
    if not shared:
        raise TypeError(
            f"Cannot {verb} artifact unless run is in a group or distributed_id is provided"
        )
    artifact.distributed_id = shared
    return shared


def _begin(run: Run, artifact: Artifact, landing: Landing) -> Artifact:
    artifact._begin(landing)
    if run.workspace.settings.sync:
        landing.result()
    return artifact


def _again(run: Run, artifact: Artifact, labels: Labels) -> None:
    """Log a version that is one already: it gets the labels and the run's edge."""
    artifact._facts.check_home(run.entity, run.project)
    artifact.aliases = [*artifact.aliases, *labels.aliases]
    artifact.tags = [*artifact.tags, *labels.tags]
    artifact.save()
    run._logged(edge_of(artifact._at("id")))


def _settle(artifact: Artifact) -> None:
    """A draft on its way becomes a version first: what is called next may hang on it."""
    if artifact._landing is not None:
        artifact.wait()


def _check_type(artifact: Artifact, type: str | None) -> None:
    if type is not None and artifact.type != type:
        raise ArgumentInvalid(
            f"artifact {artifact.name!r} has type {artifact.type!r}, not the type {type!r}"
        )
