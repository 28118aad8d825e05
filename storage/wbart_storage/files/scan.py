"""The files below a folder, in the order of a manifest, a batch at a time.

To take a folder in, symbolic links are followed, as W&B does; a link to a folder that holds it is
refused, since it would never end, and so is what is no regular file. To refer to a folder, links
to files alone are followed. To compare a folder, links and all else are shown as they are. Empty
folders leave no trace, nor do stores below the folder.

A status is asked for by its name below an open folder: by whole paths, or as objects of
`os.scandir`, it takes half as long again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from stat import S_ISREG
from typing import Literal, NamedTuple

from wbart_manifest.errors import PathInvalid
from wbart_storage.disk import source_error
from wbart_storage.errors import FolderUnsafe, SourceChanged
from wbart_storage.files.folder import is_unfinished
from wbart_storage.files.storefolder import is_store

BATCH = 512
"""Files in one batch: enough that a batch, not a file, is what goes to a worker."""


Links = Literal["follow", "files", "skip", "show"]


class Found(NamedTuple):
    """A file below the scanned folder: a regular one, unless links are shown."""

    path: str
    """Relative to the folder, with `/`."""
    stat: os.stat_result


class Columns(NamedTuple):
    """Files below the scanned folder, as columns: for who can do without a value for each."""

    paths: list[str]
    stats: list[os.stat_result]


def scan(root: str, *, links: Links = "follow") -> Iterator[list[Found]]:
    """Yield the files below root, sorted bytewise by path, in batches of at most BATCH.

    Raises SourceChanged for what vanishes or, unless links are shown, is no regular file;
    AccessDenied; PathInvalid for a name that is no UTF-8; FolderUnsafe for a loop of links.
    """
    for paths, stats in scan_columns(root, links=links):
        yield list(map(Found, paths, stats))


def scan_columns(root: str, *, links: Links = "follow") -> Iterator[Columns]:
    """As `scan`, in columns."""
    batch = Columns([], [])
    for prefix, names in _runs(root, links):
        folder = os.path.join(root, prefix)
        start = 0
        while start < len(names):
            some = names[start : start + BATCH - len(batch.paths)]
            start += len(some)
            batch.paths.extend([prefix + name for name in some])
            batch.stats.extend(_statuses(folder, some, links))
            if len(batch.paths) >= BATCH:
                yield batch
                batch = Columns([], [])
    if batch.paths:
        yield batch


def scan_paths(root: str, batch: int = 0) -> Iterator[list[str]]:
    """As `scan` with links="show", but paths alone: a status costs more than the walk itself."""
    batch = batch or BATCH
    paths: list[str] = []
    for prefix, names in _runs(root, "show"):
        paths += [prefix + name for name in names]
        while len(paths) >= batch:
            yield paths[:batch]
            del paths[:batch]
    if paths:
        yield paths


def _runs(root: str, links: Links) -> Iterator[tuple[str, list[str]]]:
    """The files in order: a folder, ending in `/`, and names in it between which no folder lies."""
    stack = [_parts(root, "", links)]
    while stack:
        for prefix, names in stack[-1]:
            if not names:
                stack.append(_parts(root, prefix, links))
                break
            yield prefix, names
        else:
            stack.pop()


def _parts(root: str, prefix: str, links: Links) -> Iterator[tuple[str, list[str]]]:
    """What lies in one folder, in order: itself with some files, or a folder in it with none."""
    folder = os.path.join(root, prefix)
    children = _children(folder, links)
    if prefix and is_store(folder, children):
        return
    if children and "/" not in "".join(children):
        yield prefix, children
        return
    files: list[str] = []
    for child in children:
        if child[-1] != "/":
            files.append(child)
            continue
        if files:
            yield prefix, files
            files = []
        yield prefix + child, []
    if files:
        yield prefix, files


def _children(folder: str, links: Links) -> list[str]:
    """Names of files and folders in one folder; a folder's ends in `/`, which sorts it right."""
    follow = links == "follow"
    try:
        with os.scandir(folder) as found:
            children = found if links in ("follow", "show") else _picked(found, links)
            names = [
                each.name + "/" if each.is_dir(follow_symlinks=follow) else each.name
                for each in children
            ]
    except OSError as error:
        raise source_error(error, error.filename or folder) from error
    names.sort()
    if links != "show":
        names = [name for name in names if not is_unfinished(name)]
        _check(folder, names, follow)
    return names


def _picked(found: Iterable[os.DirEntry[str]], links: Links) -> list[os.DirEntry[str]]:
    skips = links == "skip"
    return [each for each in found if not each.is_symlink() or not (skips or each.is_dir())]


def _check(folder: str, names: list[str], follow: bool) -> None:
    joined = "".join(names)
    if not joined.isascii():
        for name in names:
            _check_utf8(os.path.join(folder, name.rstrip("/")))
    if follow and "/" in joined:
        for name in names:
            path = os.path.join(folder, name[:-1])
            if name[-1] == "/" and os.path.islink(path):
                _check_loop(folder, path)


def _statuses(folder: str, names: list[str], links: Links) -> list[os.stat_result]:
    status, follow = os.stat, links in ("follow", "files")
    try:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            found = [status(name, dir_fd=fd, follow_symlinks=follow) for name in names]
        finally:
            os.close(fd)
    except OSError as error:
        where = folder if error.filename == folder else os.path.join(folder, error.filename)
        raise source_error(error, where) from error
    if links != "show":
        for name, each in zip(names, found, strict=True):
            if not S_ISREG(each.st_mode):
                raise SourceChanged(f"not a regular file: {os.path.join(folder, name)}")
    return found


def _check_utf8(path: str) -> None:
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise PathInvalid(path, "not UTF-8") from error


def _check_loop(folder: str, link: str) -> None:
    target, here = os.path.realpath(link), os.path.realpath(folder)
    if here == target or here.startswith(target.rstrip(os.sep) + os.sep):
        raise FolderUnsafe(f"symbolic link leads to a folder that holds it: {link}")
