"""The caches of this machine, one for each store, looked after together. No store is asked."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from wbart.settings.settings import Settings
from wbart.settings.sizes import Capacity
from wbart_manifest.digest import ALGORITHMS
from wbart_storage.around.offline import SEEN
from wbart_storage.cache.cache import Cache, default_room
from wbart_storage.clock import SystemClock

_USUAL = "blake3"


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept for one store."""

    store_id: str
    path: Path
    files: int
    """Copies of objects of the store."""
    size: int
    """Bytes of these."""
    total_size: int
    """Bytes of everything, what is remembered of local files included."""


@dataclass(frozen=True, slots=True)
class Freed:
    """What pruning removed, or would remove."""

    size: int
    dry_run: bool

    def facts(self) -> dict[str, object]:
        """For machines."""
        return {"size": self.size, "dry_run": self.dry_run}


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """What verifying found: copies that are not what their names say."""

    checked: int
    size: int
    damaged: tuple[str, ...]
    removed: bool


def kept(settings: Settings) -> Iterator[Kept]:
    """What is kept for each store, in order of the stores' ids."""
    for folder in _folders(settings):
        with _opened(folder) as cache:
            held = cache.ls()
        yield Kept(folder.name, folder, len(held), sum(each.size for each in held), _size(folder))


def limit(settings: Settings, text: str | None) -> int:
    """The size to prune to, in bytes: as said, or as the settings say. ValueError if no size."""
    capacity = Capacity.parse(text) if text is not None else settings.cache_size
    total = shutil.disk_usage(_existing(settings.cache_dir)).total
    return default_room(total) if capacity is None else capacity.of(total)


def prune(settings: Settings, most: int, *, dry_run: bool) -> Freed:
    """Drop what was used least recently, whichever store it is of, until most bytes are left.

    What is remembered of stores for offline use goes only when it alone is more than that.
    """
    held: list[tuple[int, int, Path]] = []
    for folder in _folders(settings):
        with _opened(folder) as cache:
            held += ((each.used, each.size, folder) for each in cache.ls())
    left = {folder: 0 for _, _, folder in held}
    seen = {folder / SEEN: _size(folder / SEEN) for folder in _folders(settings)}
    forgotten = sum(seen.values()) if sum(seen.values()) > most else 0
    # The newest stay, as far as they fit; each cache drops its own oldest in the same order.
    room = most
    for _, size, folder in sorted(held, reverse=True):
        room -= size
        if room < 0:
            break
        left[folder] += size
    if dry_run:
        freed = sum(size for _, size, _ in held) - sum(left.values())
        return Freed(freed + forgotten, dry_run)
    if forgotten:
        for each in seen:
            shutil.rmtree(each, ignore_errors=True)
    freed = forgotten
    for folder, size in left.items():
        with _opened(folder) as cache:
            freed += cache.prune(size)
    return Freed(freed, dry_run)


def verify(settings: Settings, *, repair: bool) -> Scrubbed:
    """Read every copy again. With repair the damaged ones are set aside, to be fetched anew."""
    checked = size = 0
    damaged: list[str] = []
    for folder in _folders(settings):
        with _opened(folder) as cache:
            found = cache.verify()
        checked, size = checked + found.checked, size + found.size
        bad = _damaged(folder, found.damaged)
        damaged += (f"{folder.name}/{digest}" for digest in bad)
        if repair and bad:
            with _opened(folder) as cache:
                for digest in bad:
                    cache.check(bytes.fromhex(digest))
    return Scrubbed(checked, size, tuple(damaged), repair)


def _damaged(folder: Path, suspects: tuple[str, ...]) -> list[str]:
    """Those of the suspects that no other algorithm finds to be what their names say."""
    bad = set(suspects)
    for algorithm in ALGORITHMS:
        if bad and algorithm != _USUAL:
            with _opened(folder, algorithm) as cache:
                bad &= set(cache.verify().damaged)
    return sorted(bad)


def _folders(settings: Settings) -> list[Path]:
    place = settings.cache_dir
    if not place.is_dir():
        return []
    return sorted(each for each in place.iterdir() if each.is_dir() and _is_cache(each))


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _is_cache(folder: Path) -> bool:
    return any((folder / name).exists() for name in ("obj", "index.db", "state.db", SEEN))


@contextmanager
def _opened(folder: Path, algorithm: str = _USUAL) -> Iterator[Cache]:
    # Which algorithm a store has its cache does not say, nor mostly need: checksums are kept
    # beside the copies.
    cache = Cache(folder, algorithm, SystemClock())
    try:
        yield cache
    finally:
        cache.close()


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())
