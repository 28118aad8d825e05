"""What `doctor` looks at."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

from wbart.cli import words
from wbart.version import VERSION
from wbart_storage.errors import AccessDenied, StorageError
from wbart_storage.files.folder import clone
from wbart_storage.probe import probe

if TYPE_CHECKING:
    from wbart.workspace import Workspace

_MOST_SKEW = 60.0
"""Seconds between the store's clock and ours that nobody needs to hear of."""
_LITTLE_ROOM = 1 << 30
_PACKAGES = ("blake3", "click", "fsspec", "msgspec", "s3fs", "gcsfs", "adlfs")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and whether it is fit for work."""

    subject: str
    verdict: Literal["good", "note", "bad"]
    detail: str


def checkup(workspace: Workspace) -> Iterator[Finding]:
    """Look at everything, one thing after the other; no failure of one hides the next."""
    for look in (_versions, _settings, _store, _abilities, _clock, _cache, _links):
        try:
            yield from look(workspace)
        except AccessDenied as error:
            yield Finding(look.__name__.strip("_"), "note", f"read-only for us: {error}")
        except (StorageError, OSError) as error:
            yield Finding(look.__name__.strip("_"), "bad", str(error))


def _versions(workspace: Workspace) -> Iterator[Finding]:
    python = f"Python {platform.python_version()} on {sys.platform}"
    yield Finding("wbart", "good", f"{VERSION}, {python}")
    yield Finding("packages", "good", ", ".join(map(_package, _PACKAGES)))


def _package(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"{name} missing"


def _settings(workspace: Workspace) -> Iterator[Finding]:
    for name, source in sorted(workspace.settings.sources.items()):
        value = getattr(workspace.settings, name)
        # Storage options may hold keys.
        shown = "(set)" if name == "storage_options" else value
        yield Finding("setting", "good", f"{name} = {shown}, from {source}")


def _store(workspace: Workspace) -> Iterator[Finding]:
    config = workspace.store.config
    writers = ", single writer" if config.single_writer else ""
    detail = f"{workspace.store.url}: format {config.format}, {config.digest}{writers}"
    yield Finding("store", "good", f"{detail}, entity {config.entity}, id {config.store_id}")


def _abilities(workspace: Workspace) -> Iterator[Finding]:
    config = workspace.store.config
    for name, there in asdict(probe(workspace.store.objects)).items():
        needed = not (name == "create" and config.single_writer)
        verdict: Literal["good", "note", "bad"] = "good" if there else "bad" if needed else "note"
        yield Finding(f"store: {name}", verdict, "as promised" if there else "not kept")


def _clock(workspace: Workspace) -> Iterator[Finding]:
    store = workspace.store
    key = f"hints/probe/{token_hex(8)}/clock"
    try:
        before = store.clock.now()
        store.objects.put(key, b"what time is it?")
        after = store.clock.now()
        modified = store.objects.stat(key).modified
    finally:
        store.objects.delete([key])
    # Many stores tell whole seconds only.
    skew = max(before - modified - 1, modified - after - 1, 0.0)
    verdict: Literal["good", "note"] = "good" if skew <= _MOST_SKEW else "note"
    yield Finding("clock", verdict, f"{words.duration(skew)} from the store's")


def _cache(workspace: Workspace) -> Iterator[Finding]:
    folder = workspace.store.local
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder):
        room = shutil.disk_usage(folder).free
    verdict: Literal["good", "note"] = "good" if room >= _LITTLE_ROOM else "note"
    yield Finding("cache", verdict, f"{folder}: {words.size(room)} free")


def _links(workspace: Workspace) -> Iterator[Finding]:
    tries: dict[str, Callable[[Path, Path], object]] = {
        "reflink": _reflink,
        "hardlink": os.link,
        "symlink": os.symlink,
    }
    with TemporaryDirectory(dir=workspace.store.local) as folder:
        source = Path(folder, "source")
        source.write_bytes(b"x" * 4096)
        for name, link in tries.items():
            try:
                link(source, Path(folder, name))
            except OSError as error:
                yield Finding(
                    f"link: {name}", "note", f"not here: {(error.strerror or '').lower()}"
                )
            else:
                yield Finding(f"link: {name}", "good", "works in the cache")


def _reflink(source: Path, target: Path) -> None:
    with source.open("rb") as old, target.open("wb") as new:
        if not clone(new.fileno(), old.fileno()):
            raise OSError(0, "the file system shares no blocks")
