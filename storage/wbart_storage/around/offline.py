"""What this machine has seen of a distant store, and the store as that shows it without a network.

Records, checkpoints and nodes never change once they are there, so a copy of what was read is
as good as the store; only that later records are not in it. Blobs are the cache's business.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Never, TypeVar

from wbart_manifest.digest import Digest
from wbart_storage.backends.local import LocalObjects
from wbart_storage.config import StoreConfig, parse_config
from wbart_storage.errors import ObjectMissing, Offline, StorageError, StoreMissing
from wbart_storage.keys import log_seq
from wbart_storage.objects import ObjectStat, ObjectStore, ability

log = logging.getLogger(__name__)

_Ability = TypeVar("_Ability")

SEEN = "seen"
"""The folder below that of a store, on this machine, for copies of what was read of it."""
_LASTING = re.compile(r"t/.*|c/[^/]+/[^/]+/[^/]+/(?:log|ckpt)/.*")


class Remembering:
    """Passes every call to inner, and keeps a copy of what never changes and was read whole."""

    def __init__(self, inner: ObjectStore, folder: Path) -> None:
        self.inner = inner
        self._seen = LocalObjects(folder, durable=False)
        self._usable = True

    def lend(self, wanted: Callable[..., _Ability]) -> _Ability | None:
        return ability(self.inner, wanted)

    def create(self, key: str, data: bytes) -> None:
        self.inner.create(key, data)
        self._keep(key, data)

    def put(self, key: str, source: bytes | Path) -> None:
        self.inner.put(key, source)
        if isinstance(source, bytes):
            self._keep(key, source)

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        data = self.inner.get(key, start, end)
        if start == 0 and end is None:
            self._keep(key, data)
        return data

    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        return self.inner.list(prefix, delimiter)

    def delete(self, keys: Iterable[str]) -> None:
        self.inner.delete(keys)

    def stat(self, key: str) -> ObjectStat:
        return self.inner.stat(key)

    def _keep(self, key: str, data: bytes) -> None:
        if self._usable and _LASTING.fullmatch(key):
            try:
                self._seen.put(key, data)
            except StorageError as error:
                log.warning("going on without a copy for offline use: %s", error)
                self._usable = False


class Remembered:
    """A distant store as it was seen last; what was not seen, and every write, raises Offline."""

    def __init__(self, folder: Path) -> None:
        self._seen = LocalObjects(folder, durable=False)

    def create(self, key: str, data: bytes) -> None:
        self._refuse_write(key)

    def put(self, key: str, source: bytes | Path) -> None:
        self._refuse_write(key)

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        try:
            return self._seen.get(key, start, end)
        except (ObjectMissing, StoreMissing) as error:
            # Behind what was seen a log ends, as far as anybody can tell here.
            if log_seq(key) or key.startswith("hints/"):
                raise ObjectMissing(key) from error
            self._refuse(key)

    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        if not prefix.startswith("c/"):
            self._refuse(prefix)
        return self._listed(prefix, delimiter)

    def _listed(self, prefix: str, delimiter: str) -> Iterator[ObjectStat]:
        try:
            yield from self._seen.list(prefix, delimiter)
        except StoreMissing:
            return  # the cache was emptied

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._refuse_write(key)

    def stat(self, key: str) -> ObjectStat:
        self._refuse(key)

    def _refuse(self, key: str) -> Never:
        raise Offline(f"offline, and not on this machine: {key}")

    def _refuse_write(self, key: str) -> Never:
        raise Offline(f"offline, and a store is not written to then: {key}")


def remember_config(cache: Path, url: str, config: StoreConfig) -> None:
    """Note what store the URL names, so that it is known offline; as well as it goes."""
    path = _note(cache, url)
    try:
        if path.is_file() and path.read_bytes() == config.dumps():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        LocalObjects(path.parent, durable=False).put(path.name, config.dumps())
    except (OSError, StorageError) as error:
        log.warning("%s will not be known offline: %s", url, error)


def recall_config(cache: Path, url: str) -> StoreConfig:
    """What store the URL named last. Raises Offline when it was never opened here."""
    try:
        return parse_config(_note(cache, url).read_bytes())
    except OSError as error:
        raise Offline(f"offline, and the store was never opened on this machine: {url}") from error


def _note(cache: Path, url: str) -> Path:
    # Apart from the folders of stores, which are named by ids.
    return cache / "stores" / f"{Digest.of(url.encode()).hex}.json"
