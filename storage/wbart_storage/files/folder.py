"""A folder that files are written into, without ever leaving it.

Every step down is taken relative to an open folder and follows no symbolic link (openat,
O_NOFOLLOW), so that neither a crafted path nor a link that somebody put there leads outside.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from wbart_storage.disk import disk_error
from wbart_storage.errors import FolderUnsafe
from wbart_storage.files.buffered import write_all
from wbart_storage.tokens import token_hex

_DOWN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_DIRECT: int = getattr(os, "O_DIRECT", 0)
_OPEN_FOLDERS = 64
TEMPORARY = ".wbart-"
"""How the names of unfinished files begin."""
_UNFINISHED = re.compile(re.escape(TEMPORARY) + "[0-9a-f]{16}")


def is_unfinished(name: str) -> bool:
    """Whether a file of that name was left by a download that was broken off."""
    return name.startswith(TEMPORARY) and _UNFINISHED.fullmatch(name) is not None


class Folder:
    """Writes below one root. Serves one thread; several may write below the same root."""

    def __init__(self, root: str, *, create: bool = True) -> None:
        self.root = root
        self._open: OrderedDict[str, int] = OrderedDict()
        try:
            if create:
                os.makedirs(root, exist_ok=True)
            self._top = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise disk_error(error, root) from error

    def write(self, path: str, data: bytes | memoryview) -> os.stat_result:
        """Write a small file whole; what was there is replaced. Returns its new status."""
        parent, name = self._locate(path)
        try:
            fd = os.open(name, _NEW, 0o666, dir_fd=parent)
        except FileExistsError:
            with self.replacing(path, direct=False) as fd:
                write_all(fd, data)
            return os.stat(name, dir_fd=parent, follow_symlinks=False)
        except OSError as error:
            raise disk_error(error, self._full(path)) from error
        try:
            write_all(fd, data)
            return os.fstat(fd)
        except OSError as error:
            os.unlink(name, dir_fd=parent)
            raise disk_error(error, self._full(path)) from error
        finally:
            os.close(fd)

    @contextmanager
    def replacing(self, path: str, *, direct: bool) -> Iterator[int]:
        """Yield a descriptor to write to; the file takes its place when the block ends.

        If the block raises, nothing has changed.
        """
        parent, name = self._locate(path)
        part = TEMPORARY + token_hex(8)
        try:
            fd = _create(part, parent, _DIRECT if direct else 0)
            try:
                yield fd
            finally:
                os.close(fd)
            self._take_place(part, name, parent, path)
        except BaseException as error:
            _unlink(part, parent)
            if isinstance(error, OSError) and type(error).__module__ == "builtins":
                raise disk_error(error, self._full(path)) from error
            raise

    def link(self, path: str, source: str, *, symbolic: bool = False) -> None:
        """Put a hard or symbolic link to source at path, replacing what was there."""
        parent, name = self._locate(path)
        part = TEMPORARY + token_hex(8)
        try:
            if symbolic:
                os.symlink(os.path.abspath(source), part, dir_fd=parent)
            else:
                os.link(source, part, dst_dir_fd=parent, follow_symlinks=False)
            self._take_place(part, name, parent, path)
        except FolderUnsafe:
            _unlink(part, parent)
            raise
        except OSError as error:
            _unlink(part, parent)
            raise disk_error(error, self._full(path)) from error

    def status(self, path: str) -> os.stat_result | None:
        """The status of what lies at path itself, None if nothing does; makes no folders."""
        try:
            return os.stat(self._full(path), follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def remove(self, path: str) -> None:
        """Remove a file; one that is gone already is no error."""
        parent, name = self._locate(path)
        try:
            os.unlink(name, dir_fd=parent)
        except FileNotFoundError:
            return
        except OSError as error:
            raise disk_error(error, self._full(path)) from error

    def remove_empty(self, path: str) -> None:
        """Remove the folder at path and those above it, as long as they are empty."""
        while path:
            self._forget(path)
            try:
                parent, name = self._locate(path)
                os.rmdir(name, dir_fd=parent)
            except (OSError, FolderUnsafe):
                return
            path = path.rpartition("/")[0]

    def close(self) -> None:
        """Close every open folder."""
        for fd in (*self._open.values(), self._top):
            os.close(fd)
        self._open.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _locate(self, path: str) -> tuple[int, str]:
        above, _, name = path.rpartition("/")
        return (self._top if not above else self._down(above)), name

    def _down(self, path: str) -> int:
        fd = self._open.get(path)
        if fd is not None:
            return fd
        parent, name = self._locate(path)
        try:
            fd = _enter(name, parent)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise FolderUnsafe(f"not a folder of its own: {self._full(path)}") from error
            raise disk_error(error, self._full(path)) from error
        self._open[path] = fd
        if len(self._open) > _OPEN_FOLDERS:
            os.close(self._open.popitem(last=False)[1])
        return fd

    def _forget(self, path: str) -> None:
        fd = self._open.pop(path, None)
        if fd is not None:
            os.close(fd)

    def _take_place(self, part: str, name: str, parent: int, path: str) -> None:
        try:
            os.rename(part, name, src_dir_fd=parent, dst_dir_fd=parent)
        except IsADirectoryError as error:
            raise FolderUnsafe(f"a folder lies where a file belongs: {self._full(path)}") from error

    def _full(self, path: str) -> str:
        return os.path.join(self.root, path)


def _create(name: str, parent: int, direct: int) -> int:
    try:
        return os.open(name, _NEW | direct, 0o666, dir_fd=parent)
    except OSError as error:
        if error.errno != errno.EINVAL or not direct:
            raise
        _unlink(name, parent)
        return os.open(name, _NEW, 0o666, dir_fd=parent)


def _enter(name: str, parent: int) -> int:
    try:
        return os.open(name, _DOWN, dir_fd=parent)
    except FileNotFoundError:
        try:
            os.mkdir(name, dir_fd=parent)
        except FileExistsError:
            pass  # another thread was quicker
        return os.open(name, _DOWN, dir_fd=parent)


def _unlink(name: str, parent: int) -> None:
    try:
        os.unlink(name, dir_fd=parent)
    except FileNotFoundError:
        pass


def is_regular(status: os.stat_result) -> bool:
    """Whether the status is that of an ordinary file, not a link to one."""
    return stat.S_ISREG(status.st_mode)


def clone(target: int, source: int) -> bool:
    """Let target share the blocks of source, copy on write; False where that cannot be done."""
    try:
        fcntl.ioctl(target, 0x40049409, source)  # FICLONE, linux/fs.h
    except OSError:
        return False
    return True
