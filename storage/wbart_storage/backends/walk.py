"""List the objects below a folder in key order, while others write and delete there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from wbart_storage.errors import ObjectMissing
from wbart_storage.objects import ObjectStat
from wbart_storage.translate import translated

_NAME = re.compile(r"[A-Za-z0-9_~%=-][A-Za-z0-9._~%=-]*")


def walk(root: str, prefix: str, fold: bool) -> Iterator[ObjectStat]:
    """All objects whose keys start with prefix; with fold, folders as common prefixes.

    Holds one folder's names per level. Hidden names and names that are no keys are passed over.
    """
    folder, slash, name = prefix.rpartition("/")
    return _walk(root, f"{folder}{slash}", name, fold)


def _walk(root: str, folder: str, name: str, fold: bool) -> Iterator[ObjectStat]:
    for key, entry in _sorted_entries(root, folder, name):
        if not key.endswith("/"):
            try:
                found = entry.stat()
            except FileNotFoundError:
                continue
            yield ObjectStat(key, found.st_size, found.st_mtime)
        elif not fold:
            yield from _walk(root, key, "", False)
        elif any(True for _ in _walk(root, key, "", False)):
            # An empty folder is no prefix: no object store has such a thing.
            yield ObjectStat(key, 0, 0.0)


def _sorted_entries(root: str, folder: str, name: str) -> list[tuple[str, os.DirEntry[str]]]:
    """Entries with their keys; a folder's ends in "/", which makes the order that of keys."""
    try:
        with translated(folder), os.scandir(f"{root}/{folder}") as entries:
            keyed = [
                (f"{folder}{entry.name}{'/' if entry.is_dir() else ''}", entry)
                for entry in entries
                if entry.name.startswith(name) and _NAME.fullmatch(entry.name)
            ]
    except ObjectMissing:  # it vanished, or is an object and no folder
        return []
    return sorted(keyed, key=lambda pair: pair[0])
