"""The folder that a version is written to, and the folders that it must never be written to."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from wbart_storage.errors import FolderUnsafe

if TYPE_CHECKING:
    from wbart.committed import Committed


def download_root(at: Committed) -> str:
    """The default root of downloads: `artifacts/<source name>`, absolute."""
    name = at.source_place.name
    if os.name == "nt":
        name = name.replace(":", "-")
    return os.path.abspath(at.workspace.settings.artifact_dir / name)


def checkout_root(at: Committed) -> str:
    """The default root of checkouts, which has no version in its name."""
    return os.path.abspath(at.workspace.settings.artifact_dir / at.source_place.collection)


def check_emptied(root: str) -> None:
    """Refuse a root in which nobody can want every other file removed."""
    real = os.path.realpath(root)
    if real == os.path.dirname(real):
        raise FolderUnsafe(f"refusing to check out into {root}: it is the root of a file system")
    home = os.path.realpath(Path.home())
    if real == home or home.startswith(real.rstrip(os.sep) + os.sep):
        raise FolderUnsafe(f"refusing to check out into {root}: it holds the home folder")
    if os.path.lexists(os.path.join(real, ".git")):
        raise FolderUnsafe(f"refusing to check out into {root}: it holds a .git")


def check_removed(root: str, paths: Iterable[str]) -> None:
    """Refuse to remove files of a repository that lies somewhere below the root."""
    for path in paths:
        if ".git" in path.split("/"):
            raise FolderUnsafe(f"refusing to check out into {root}: it holds {path}")
