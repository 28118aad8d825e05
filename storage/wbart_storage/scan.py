"""The files below a folder, in the order of a manifest, a batch at a time.

Symbolic links are followed, as W&B does; a link to a folder that holds it is refused, since it
would never end. Empty folders leave no trace. Nothing but regular files is accepted.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import NamedTuple

from wbart_storage.disk import source_error
from wbart_storage.errors import FolderUnsafe, SourceChanged

BATCH = 512
"""Files in one batch: enough that a batch, not a file, is what goes to a worker."""


class Found(NamedTuple):
    """A regular file below the scanned folder."""

    path: str
    """Relative to the folder, with `/`."""
    stat: os.stat_result


def scan(root: str, *, links: bool = True) -> Iterator[list[Found]]:
    """Yield the files below root, sorted bytewise by path, in batches of at most BATCH.

    With links=False a symbolic link is passed over instead of followed. Raises SourceChanged
    for what vanishes or is no regular file, AccessDenied, and FolderUnsafe for a loop of links.
    """
    batch: list[Found] = []
    stack = [iter(_children(root, "", links))]
    while stack:
        for found in stack[-1]:
            if found.path[-1] == "/":
                stack.append(iter(_children(root, found.path, links)))
                break
            batch.append(found)
            if len(batch) >= BATCH:
                yield batch
                batch = []
        else:
            stack.pop()
    if batch:
        yield batch


def _children(root: str, prefix: str, links: bool) -> list[Found]:
    """Files and folders of one folder; a folder's path ends in `/`, which sorts it right."""
    folder = os.path.join(root, prefix) if prefix else root
    found: list[Found] = []
    try:
        with os.scandir(folder) as children:
            for child in children:
                if not links and child.is_symlink():
                    continue
                if child.is_dir():
                    if child.is_symlink():
                        _check_loop(folder, child.path)
                    found.append(Found(f"{prefix}{child.name}/", _NOTHING))
                else:
                    found.append(Found(prefix + child.name, child.stat()))
    except OSError as error:
        raise source_error(error, error.filename or folder) from error
    for path, status in found:
        if status is not _NOTHING and not stat.S_ISREG(status.st_mode):
            raise SourceChanged(f"not a regular file: {os.path.join(root, path)}")
    found.sort(key=_by_path)
    return found


def _by_path(found: Found) -> str:
    return found[0]


_NOTHING = os.stat_result((0,) * 10)


def _check_loop(folder: str, link: str) -> None:
    target, here = os.path.realpath(link), os.path.realpath(folder)
    if here == target or here.startswith(target.rstrip(os.sep) + os.sep):
        raise FolderUnsafe(f"symbolic link leads to a folder that holds it: {link}")
