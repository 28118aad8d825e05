"""The files below a folder, in the order of a manifest, a batch at a time.

To take a folder in, symbolic links are followed, as W&B does; a link to a folder that holds it is
refused, since it would never end, and so is what is no regular file. To compare a folder, links
and all else are shown as they are. Empty folders leave no trace.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Literal, NamedTuple

from wbart_manifest.errors import PathInvalid
from wbart_storage.disk import source_error
from wbart_storage.errors import FolderUnsafe, SourceChanged

BATCH = 512
"""Files in one batch: enough that a batch, not a file, is what goes to a worker."""


Links = Literal["follow", "skip", "show"]


class Found(NamedTuple):
    """A file below the scanned folder: a regular one, unless links are shown."""

    path: str
    """Relative to the folder, with `/`."""
    stat: os.stat_result


def scan(root: str, *, links: Links = "follow", stats: bool = True) -> Iterator[list[Found]]:
    """Yield the files below root, sorted bytewise by path, in batches of at most BATCH.

    Raises SourceChanged for what vanishes or, unless links are shown, is no regular file;
    AccessDenied; PathInvalid for a name that is no UTF-8; FolderUnsafe for a loop of links.
    Without stats, which cost more than the walk itself, the status of what is found is empty;
    only for links="show".
    """
    batch: list[Found] = []
    stack = [iter(_children(root, "", links, stats))]
    while stack:
        for found in stack[-1]:
            if found.path[-1] == "/":
                stack.append(iter(_children(root, found.path, links, stats)))
                break
            batch.append(found)
            if len(batch) >= BATCH:
                yield batch
                batch = []
        else:
            stack.pop()
    if batch:
        yield batch


def _children(root: str, prefix: str, links: Links, stats: bool) -> list[Found]:
    """Files and folders of one folder; a folder's path ends in `/`, which sorts it right."""
    folder = os.path.join(root, prefix) if prefix else root
    look = _name if not stats else _shown if links == "show" else _regular
    try:
        with os.scandir(folder) as children:
            found = [
                look(child, prefix)
                for child in children
                if links != "skip" or not child.is_symlink()
            ]
    except OSError as error:
        raise source_error(error, error.filename or folder) from error
    found.sort(key=_by_path)
    return found


def _name(child: os.DirEntry[str], prefix: str) -> Found:
    is_folder = child.is_dir(follow_symlinks=False)
    return Found(f"{prefix}{child.name}/" if is_folder else prefix + child.name, _NOTHING)


def _shown(child: os.DirEntry[str], prefix: str) -> Found:
    if child.is_dir(follow_symlinks=False):
        return Found(f"{prefix}{child.name}/", _NOTHING)
    return Found(prefix + child.name, child.stat(follow_symlinks=False))


def _regular(child: os.DirEntry[str], prefix: str) -> Found:
    if not child.name.isascii():
        _check_utf8(child)
    if child.is_dir():
        if child.is_symlink():
            _check_loop(os.path.dirname(child.path), child.path)
        return Found(f"{prefix}{child.name}/", _NOTHING)
    status = child.stat()
    if not child.is_file():
        raise SourceChanged(f"not a regular file: {child.path}")
    return Found(prefix + child.name, status)


def _by_path(found: Found) -> str:
    return found[0]


_NOTHING = os.stat_result((0,) * 10)


def _check_utf8(child: os.DirEntry[str]) -> None:
    try:
        child.path.encode()
    except UnicodeEncodeError as error:
        raise PathInvalid(child.path, "not UTF-8") from error


def _check_loop(folder: str, link: str) -> None:
    target, here = os.path.realpath(link), os.path.realpath(folder)
    if here == target or here.startswith(target.rstrip(os.sep) + os.sep):
        raise FolderUnsafe(f"symbolic link leads to a folder that holds it: {link}")
