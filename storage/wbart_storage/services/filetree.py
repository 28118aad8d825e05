"""Whatever else fsspec reaches: a tree of folders, and a create that looks and then writes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from wbart_storage.errors import ObjectMissing
from wbart_storage.objects import ObjectStat
from wbart_storage.services.service import Page, seconds
from wbart_storage.translate import translate

_TIMES = ("LastModified", "last_modified", "mtime", "updated", "modified", "created")
# At least the threads of a process must not race.
_one_by_one = threading.Lock()


class FileTree:
    """See `service.Service`. Listings are one page, since they come in no order."""

    def __init__(self, protocol: str) -> None:
        self._protocol = protocol

    def connect(self, kind: Any, args: Sequence[Any], options: Mapping[str, Any]) -> Any:
        if kind is None:
            from fsspec import get_filesystem_class

            kind = get_filesystem_class(self._protocol)
        return kind(*args, **options)

    def upload(self, fs: Any, path: str, data: bytes, exclusive: bool) -> bool:
        if not exclusive:
            _reach(fs, path, lambda: fs.pipe_file(path, data))
            return True
        with _one_by_one:
            _reach(fs, path, lambda: fs.pipe_file(path, data, mode="create"))
        return True

    def upload_file(self, fs: Any, path: str, source: Path) -> bool:
        if self._protocol == "memory":  # its put_file shows the file while it grows
            self.upload(fs, path, source.read_bytes(), False)
        else:
            _reach(fs, path, lambda: fs.put_file(str(source), path))
        return True

    def stat(self, fs: Any, root: str, key: str) -> ObjectStat:
        info = fs.info(f"{root}/{key}")
        if info["type"] != "file":
            raise FileNotFoundError(key)
        return ObjectStat(key, info["size"], modified(info))

    def page(self, fs: Any, root: str, prefix: str, delimiter: str, token: Any) -> Page:
        folder, slash, _ = prefix.rpartition("/")
        place = f"{root}/{folder}" if slash else root
        try:
            found: Iterable[Mapping[str, Any]] = (
                fs.ls(place, detail=True) if delimiter else fs.find(place, detail=True).values()
            )
        except FileNotFoundError:
            return Page((), None)
        stats = (_stat(info, info["name"].rstrip("/")[len(root) + 1 :]) for info in found)
        kept = (stat for stat in stats if stat is not None and stat.key.startswith(prefix))
        return Page(sorted(kept, key=lambda stat: stat.key), None)

    def delete(self, fs: Any, root: str, keys: Sequence[str]) -> None:
        for key in keys:
            try:
                fs.rm_file(f"{root}/{key}")
            except Exception as error:
                if not isinstance(translate(error, key), ObjectMissing):
                    raise


def _reach(fs: Any, path: str, write: Callable[[], object]) -> None:
    """Write, making the folder first where it is missing."""
    try:
        write()
    except FileNotFoundError:
        fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        write()


def _stat(info: Mapping[str, Any], key: str) -> ObjectStat | None:
    """What a file system's entry says; None for what is no object of ours."""
    if not key:
        return None
    if info["type"] == "directory":
        return ObjectStat(f"{key}/", 0, 0.0)
    if info["name"].endswith("/"):
        return None
    return ObjectStat(key, info["size"], modified(info))


def modified(info: Mapping[str, Any]) -> float:
    """When a file system says that a file was written, in seconds since the epoch."""
    return seconds(next((info[name] for name in _TIMES if info.get(name) is not None), 0.0))
