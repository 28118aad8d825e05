"""Single entries of a committed version, and its only file."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING

from wbart.errors import ArgumentInvalid
from wbart.folders.download import Selection, download
from wbart.folders.root import download_root
from wbart.folders.writing import write
from wbart.references.fetch import fetch_reference
from wbart_storage.progress import silent

if TYPE_CHECKING:
    from wbart.committed import Committed


def download_entry(at: Committed, path: str, root: str | os.PathLike[str] | None) -> str:
    """As `ArtifactManifestEntry.download`."""
    target = download_root(at) if root is None else os.path.abspath(root)
    entry = at.entry(path)
    if entry.reference is not None:
        fetch_reference(at.workspace, entry, target, allow_missing=False)
    else:
        write(at.workspace, target, [entry], None, silent)
    return os.path.join(target, entry.path)


def only_file(at: Committed, root: str | None) -> str:
    """As `Artifact.file`."""
    if at.manifest.count > 1:
        raise ArgumentInvalid(
            "This artifact contains more than one file, call `.download()` to get all files "
            'or call .get_entry("filename").download()'
        )
    if at.manifest.count == 0:
        raise IndexError(f"artifact {at.place.qualified_name} contains no file")
    target = download(at, root, Selection(), False, None, silent)
    return os.path.join(target, next(at.manifest.entries()).path)


def warn_get_path() -> None:
    """Say that `get_path` is deprecated."""
    warnings.warn(
        "Artifact.get_path(name) is deprecated, use Artifact.get_entry(name) instead",
        DeprecationWarning,
        stacklevel=4,
    )
