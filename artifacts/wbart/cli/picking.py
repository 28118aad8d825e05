"""Which files of a version a command means: by #PATH, by globs, or all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbart.cli.session import committed_of
from wbart.errors import PathNotFound
from wbart.folders.download import Selection
from wbart_manifest.path import canonical

if TYPE_CHECKING:
    from wbart.artifact import Artifact


def picked(
    artifact: Artifact, path: str | None, include: tuple[str, ...], exclude: tuple[str, ...]
) -> Selection:
    """What is meant; #PATH is exactly one file, or all that lies below a folder.

    Raises PathNotFound for a path that is neither.
    """
    if path is None:
        return Selection("", include, exclude)
    name, manifest = canonical(path), committed_of(artifact).manifest
    if manifest.get(name) is not None:
        return Selection(name, (_literal(name),))
    if manifest.has_folder(name):
        return Selection(f"{name}/", include, exclude)
    raise PathNotFound(f"no file or folder {name!r} in {artifact.qualified_name}")


def count(artifact: Artifact, selection: Selection) -> tuple[int, int]:
    """Files and bytes of what is meant."""
    if selection.everything:
        return artifact.file_count, artifact.size
    files = size = 0
    for entry in selection.entries(committed_of(artifact)):
        files += 1
        size += entry.size or 0
    return files, size


def _literal(path: str) -> str:
    """The glob that matches this path and no other."""
    return "/" + "".join(f"[{letter}]" if letter in "*?[" else letter for letter in path)
