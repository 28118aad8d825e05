"""Objects as files below a folder, whole or not at all, and durable when a call returns."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from wbart_storage.backends.exclusive import place
from wbart_storage.backends.folders import Folders, sync_file
from wbart_storage.backends.walk import walk
from wbart_storage.disk import source_error
from wbart_storage.errors import ObjectMissing, SourceChanged, StorageError, StoreMissing
from wbart_storage.files.buffered import write_all
from wbart_storage.keys import check_key, check_prefix
from wbart_storage.objects import ObjectStat, check_range
from wbart_storage.tokens import token_hex
from wbart_storage.translate import translate, translated

log = logging.getLogger(__name__)

STAGING = ".stage"
# Windows cannot replace or delete a file that is read-only.
_MODE = 0o444 if os.name == "posix" else 0o666
_BINARY: int = getattr(os, "O_BINARY", 0)
_PIECE = 1 << 20
_SYNC_THREADS = 16
_REMADE = 8
"""How often a folder is made again that vanishes between its making and its use."""


class LocalObjects:
    """An object store in a folder: each object is a read-only file whose path is its key.

    With durable=False only `create` survives power loss. Made on first write; hidden names are
    the store's own (unfinished files, the staging folder) and never objects.
    """

    protocol = "file"

    def __init__(self, root: str | os.PathLike[str], durable: bool = True) -> None:
        self.place = os.path.abspath(root)
        self._durable = durable
        self._folders = Folders(self.place)
        self._staging: Path | None = None

    def create(self, key: str, data: bytes) -> None:
        with translated(key), self._written(key, data, True) as (temp, target):
            place(temp, target)
            self._folders.settle(os.path.dirname(target))

    def put(self, key: str, source: bytes | Path) -> None:
        with translated(key), self._written(key, source, self._durable) as (temp, target):
            os.replace(temp, target)
            if self._durable:
                self._folders.settle(os.path.dirname(target))

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        check_range(start, end)
        try:
            descriptor = os.open(self._file(key), os.O_RDONLY | _BINARY)
            try:
                size = os.fstat(descriptor).st_size
                stop = size if end is None else min(end, size)
                if start:
                    os.lseek(descriptor, start, os.SEEK_SET)
                return _read(descriptor, max(stop - start, 0))
            finally:
                os.close(descriptor)
        except OSError as error:
            raise self._read_error(error, key) from error

    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        check_prefix(prefix)
        if not os.path.isdir(self.place):
            raise StoreMissing(self.place)
        return walk(self.place, prefix, fold=bool(delimiter))

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            try:
                os.unlink(self._file(key))
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                continue
            except OSError as error:
                raise translate(error, key) from error

    def stat(self, key: str) -> ObjectStat:
        try:
            found = os.stat(self._file(key))
        except OSError as error:
            raise self._read_error(error, key) from error
        if not stat.S_ISREG(found.st_mode):
            raise ObjectMissing(key)
        return ObjectStat(key, found.st_size, found.st_mtime)

    def path(self, key: str) -> Path:
        return Path(self._file(key))

    def staging(self) -> Path:
        if self._staging is None:
            folder = Path(self.place, STAGING)
            with translated(STAGING):
                self._folders.ensure(self.place)
                folder.mkdir(mode=0o700, exist_ok=True)
                if not _is_own(folder):
                    folder = Path(self.place, f"{STAGING}-{os.geteuid()}")
                    folder.mkdir(mode=0o700, exist_ok=True)
            self._staging = folder
        return self._staging

    def adopt(self, key: str, staged: Path) -> None:
        target = self._file(key)
        with translated(key):
            try:
                os.chmod(staged, _MODE)
            except FileNotFoundError as error:
                raise SourceChanged(f"staged file is gone: {staged}") from error
            try:
                self._place_in_folder(os.fspath(staged), target)
            except FileExistsError:
                _keep_older(staged, target)

    def sync(self, keys: Iterable[str]) -> None:
        files = [(key, self._file(key)) for key in keys]
        if not self._durable or not files:
            return
        folders = sorted({os.path.dirname(file) for _, file in files})
        with ThreadPoolExecutor(_SYNC_THREADS, "wbart-sync") as pool:
            # Drained before the folders: a name must not outlive a file that is not there yet.
            for _ in pool.map(self._sync_object, files):
                pass
            for _ in pool.map(self._settle, folders):
                pass

    def tidy(self, prefixes: Iterable[str]) -> None:
        for prefix in prefixes:
            try:
                os.rmdir(f"{self.place}/{check_prefix(prefix)}")
            except OSError as error:  # it is gone, or somebody writes in it
                log.debug("folder %s stays: %s", prefix, error)

    def _file(self, key: str) -> str:
        return f"{self.place}/{check_key(key)}"

    @contextmanager
    def _written(self, key: str, source: bytes | Path, durable: bool) -> Iterator[tuple[str, str]]:
        """A finished unnamed file beside where it belongs; gone if the block did not name it."""
        target = self._file(key)
        folder = os.path.dirname(target)
        temp = f"{folder}/.tmp-{os.getpid():x}-{token_hex(8)}"
        descriptor = self._open_new(temp, folder)
        try:
            try:
                _fill(descriptor, source)
                if durable:
                    sync_file(descriptor)
            finally:
                os.close(descriptor)
            yield temp, target
        except BaseException:
            _discard(temp)
            raise

    def _open_new(self, temp: str, folder: str) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY
        for _ in range(_REMADE):
            try:
                self._folders.ensure(folder)
                return os.open(temp, flags, _MODE)
            except FileNotFoundError:  # somebody removed a folder that we had seen
                self._folders.forget(folder)
        self._folders.ensure(folder)
        return os.open(temp, flags, _MODE)

    def _place_in_folder(self, temp: str, target: str) -> None:
        folder = os.path.dirname(target)
        try:
            self._folders.ensure(folder)
            place(temp, target)
        except FileNotFoundError:
            self._folders.forget(folder)
            self._folders.ensure(folder)
            place(temp, target)

    def _sync_object(self, named: tuple[str, str]) -> None:
        key, file = named
        with translated(key):
            _sync_path(file)

    def _settle(self, folder: str) -> None:
        with translated(os.path.relpath(folder, self.place)):
            self._folders.settle(folder)

    def _read_error(self, error: OSError, key: str) -> StorageError:
        translation = translate(error, key)
        if isinstance(translation, ObjectMissing) and not os.path.isdir(self.place):
            return StoreMissing(self.place)
        return translation


def _sync_path(path: str) -> None:
    """Make the bytes of a file survive power loss."""
    # Windows flushes only through a handle that may write.
    descriptor = os.open(path, (os.O_RDONLY if os.name == "posix" else os.O_RDWR) | _BINARY)
    try:
        sync_file(descriptor)
    finally:
        os.close(descriptor)


def _is_own(folder: Path) -> bool:
    """Whether the folder is this user's; a second user of the store has a stage of his own."""
    return not hasattr(os, "geteuid") or folder.stat().st_uid == os.geteuid()


def _keep_older(staged: Path, target: str) -> None:
    """Content that is there stays, since it may be durable and in use; a torn one is healed.

    Torn: a process adopted it, and the power went before it could sync. Nobody refers to it.
    """
    if os.path.getsize(target) == os.path.getsize(staged):
        os.unlink(staged)
    else:
        os.replace(staged, target)


def _read(descriptor: int, size: int) -> bytes:
    data = os.read(descriptor, size)
    if len(data) == size:
        return data
    pieces = [data]  # one read returns at most 2 GiB
    while pieces[-1] and (size := size - len(pieces[-1])):
        pieces.append(os.read(descriptor, size))
    return b"".join(pieces)


def _fill(descriptor: int, source: bytes | Path) -> None:
    if isinstance(source, Path):
        _copy(source, descriptor)
    else:
        write_all(descriptor, source)


def _copy(source: Path, descriptor: int) -> None:
    try:
        opened = os.open(source, os.O_RDONLY | _BINARY)
    except OSError as error:
        raise source_error(error, source) from error
    try:
        while piece := os.read(opened, _PIECE):
            write_all(descriptor, piece)
    finally:
        os.close(opened)


def _discard(temp: str) -> None:
    try:
        os.unlink(temp)
    except OSError:  # the block's own error tells what is wrong
        pass
