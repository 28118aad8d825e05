"""The operating system's errors about local files, told as ours, in one place."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from wbart_storage.errors import AccessDenied, SourceChanged, StorageError, StoreFull

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}
READING = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
"""How a user's file is opened: without waiting, should it be a pipe by now."""


def disk_error(error: OSError, path: str | os.PathLike[str]) -> StorageError:
    """Return our error for what the operating system said of a path that wbart writes."""
    reason = error.strerror or str(error)
    if error.errno in _FULL:
        return StoreFull(f"disk is full: {os.fspath(path)}: {reason}")
    if error.errno in _DENIED:
        return AccessDenied(f"no access to {os.fspath(path)}: {reason}")
    return StorageError(f"{os.fspath(path)}: {reason}")


def source_error(error: OSError, path: str | os.PathLike[str]) -> StorageError:
    """Return our error for a user's file that vanished or cannot be read while it is added."""
    if error.errno in _DENIED:
        return AccessDenied(f"cannot read {os.fspath(path)}: {error.strerror}")
    if error.errno == errno.ENOENT and os.path.islink(path):
        return SourceChanged(f"symbolic link leads nowhere: {os.fspath(path)}")
    if error.errno == errno.ENOENT:
        return SourceChanged(f"file vanished while it was read: {os.fspath(path)}")
    return SourceChanged(f"cannot read {os.fspath(path)}: {error.strerror or error}")


def open_source(path: str | os.PathLike[str]) -> int:
    """A descriptor of a user's file. Raises OSError, also for what is a file no more."""
    fd = os.open(path, READING)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "not a regular file", os.fspath(path))
    return fd


@contextmanager
def disk_errors(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn an OSError of the block into ours; costs microseconds, so keep it out of hot loops."""
    try:
        yield
    except OSError as error:
        raise disk_error(error, path) from error
