"""Give a finished file its name, unless the name is taken: atomically, on any file system."""

from __future__ import annotations

import errno
import os
import sys

from wbart_storage.errors import LockTimeout

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS}
_NO_SUCH_RENAME = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
_LOCK_SECONDS = 30.0
LOCK_NAME = ".lock"


def place(temp: str, target: str) -> None:
    """Move temp to target, on the same file system; FileExistsError if target is there.

    Of any number of racing calls exactly one returns. Temp is gone when it returns, and stays
    when it raises.
    """
    try:
        os.link(temp, target)
    except FileExistsError:
        # NFS may repeat a link whose answer was lost, and so lose against itself.
        if os.stat(temp).st_nlink != 2 or not os.path.samefile(temp, target):
            raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _rename(temp, target)
        return
    os.unlink(temp)


def _rename(temp: str, target: str) -> None:
    try:
        rename_noreplace(temp, target)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _NO_SUCH_RENAME:
            raise
        _rename_locked(temp, target)


def rename_noreplace(temp: str, target: str) -> None:
    """Rename if target is not there, in one system call; OSError ENOSYS where there is none."""
    if os.name == "nt":  # its plain rename refuses a taken name
        os.rename(temp, target)
        return
    import ctypes  # only file systems without hard links need it

    libc = ctypes.CDLL(None, use_errno=True)
    source, name = os.fsencode(temp), os.fsencode(target)
    try:
        if sys.platform == "darwin":
            failed = libc.renamex_np(source, name, 4)  # RENAME_EXCL
        else:
            failed = libc.renameat2(-100, source, -100, name, 1)  # AT_FDCWD, RENAME_NOREPLACE
    except AttributeError:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), target) from None
    if failed:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)


def _rename_locked(temp: str, target: str) -> None:
    import filelock  # 8 ms of a start, and hardly a file system is so old

    lock = filelock.FileLock(os.path.join(os.path.dirname(target), LOCK_NAME))
    try:
        with lock.acquire(timeout=_LOCK_SECONDS):
            if os.path.lexists(target):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target)
            os.rename(temp, target)
    except filelock.Timeout as error:
        raise LockTimeout(f"{lock.lock_file} is held by another process") from error
