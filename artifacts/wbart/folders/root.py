"""The folder that a version is written to, and the folders that it must never be written to."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from wbart_storage.errors import FolderUnsafe
from wbart_storage.files.storefolder import STORE_FOLDER, is_store
from wbart_storage.objects import Located, ability

if TYPE_CHECKING:
    from wbart.committed import Committed
    from wbart.workspace import Workspace


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
    if is_store(os.path.join(real, STORE_FOLDER)):
        raise FolderUnsafe(f"refusing to check out into {root}: it holds a store")


def check_removed(root: str, paths: Iterable[str]) -> None:
    """Refuse to remove files of a repository that lies somewhere below the root."""
    for path in paths:
        if ".git" in path.split("/"):
            raise FolderUnsafe(f"refusing to check out into {root}: it holds {path}")


def check_outside(at: Committed, root: str) -> None:
    """Refuse a root in a store or in wbart's own folders, where writing would do damage.

    Also one above them, if the version has paths that lead into them.
    """
    if "\0" in root:
        raise FolderUnsafe(f"no folder has such a name: {root!r}")
    real = os.path.realpath(root)
    for folder in (real, *map(str, Path(real).parents)):
        if is_store(folder):
            raise FolderUnsafe(f"refusing to write into {root}: it lies in the store {folder}")
    for own in _own_folders(at.workspace):
        if Path(real).is_relative_to(own):
            raise FolderUnsafe(f"refusing to write into {root}: wbart keeps its own files there")
        if Path(own).is_relative_to(real):
            inside = os.path.relpath(own, real)
            for entry in at.manifest.entries(inside):
                if Path(entry.path).is_relative_to(inside):
                    raise FolderUnsafe(f"refusing to write {entry.path}: wbart keeps {own} there")


def _own_folders(workspace: Workspace) -> list[str]:
    """The store, if it is a folder, and what this machine keeps of it: real paths."""
    store = workspace.store
    located = ability(store.objects, Located)
    place = [located.place] if located is not None and located.protocol == "file" else []
    return [os.path.realpath(each) for each in (*place, str(store.local))]
