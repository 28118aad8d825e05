"""Models: artifacts whose type says so, and short ways to log, use and link them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from wbart.errors import CollectionNotFound
from wbart.names import LEGACY_REGISTRY, default_artifact_name

if TYPE_CHECKING:
    from wbart.artifact import Artifact
    from wbart.recording.liverun import Run

Source = str | os.PathLike[str]

_WORD = "model"
_NOT_A_MODEL = (
    "You can only use this method for 'model' artifacts. For an artifact to be a 'model' "
    "artifact, its type property must contain the substring 'model'."
)


def log_model(run: Run, path: Source, name: str | None, aliases: list[str] | None) -> Artifact:
    """Log a file or folder as a version of type `model`."""
    return run.log_artifact(path, name=name, type=_WORD, aliases=aliases)


def use_model(run: Run, name: str) -> str:
    """Use and download it; AssertionError, as W&B has it, when its type is no model's."""
    artifact = run.use_artifact(name)
    if _WORD not in artifact.type.lower():
        raise AssertionError(_NOT_A_MODEL)
    root = artifact.download()
    if artifact.file_count != 1:
        return root
    (entry,) = artifact.manifest
    return os.path.join(root, entry.path)


def link_model(
    run: Run,
    path: Source,
    registered_model_name: str,
    name: str | None,
    aliases: list[str] | None,
) -> Artifact:
    """Log the path (the newest version is taken when it is the same), and link that version."""
    if "/" in registered_model_name:
        raise AssertionError(
            "Please provide only the name of the registered model. "
            "Do not append the entity or project name."
        )
    base = os.path.basename(os.fspath(path).rstrip("/"))
    name = name or default_artifact_name(run.id, base)
    artifact = run.log_artifact(path, name=name, type=_type(run, name)).wait()
    target = f"{run.entity}/{LEGACY_REGISTRY}/{registered_model_name}"
    return run.link_artifact(artifact, target, aliases)


def _type(run: Run, name: str) -> str:
    """The type that the collection has already, if it is a model's."""
    try:
        state = run.workspace.catalog.state(run.entity, run.project, name)
    except CollectionNotFound:
        return _WORD
    if _WORD not in state.head.type.lower():
        raise AssertionError(_NOT_A_MODEL)
    return state.head.type
