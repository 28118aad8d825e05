"""Which version a folder was written from: remembered on this machine, not in the folder."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from wbart.refs.refpath import Ref
from wbart_manifest.digest import Digest
from wbart_storage.disk import disk_errors
from wbart_storage.errors import StorageError

if TYPE_CHECKING:
    from wbart.committed import Committed
    from wbart.workspace import Workspace

log = logging.getLogger(__name__)


def note(at: Committed, folder: str, *, filled: bool) -> None:
    """Remember that the folder holds the version; where the disk refuses, warn and do without.

    filled says that all that lies there comes from wbart.
    """
    path = _path(at.workspace, folder)
    ref = at.place.qualified_name
    text = json.dumps({"folder": _real(folder), "ref": ref, "id": at.source.id, "filled": filled})
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        with disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(text, encoding="utf-8")
            part.replace(path)
    except StorageError as error:
        log.warning("which version %s holds is not remembered: %s", folder, error)
        with suppress(OSError):
            part.unlink()


def of(workspace: Workspace, folder: str | os.PathLike[str]) -> Ref | None:
    """The version that the folder was last written from; None if nobody knows."""
    try:
        return Ref.parse(str(_noted(workspace, folder)["ref"]))
    except (OSError, ValueError, KeyError):
        return None


def filled(workspace: Workspace, folder: str | os.PathLike[str]) -> bool:
    """Whether the folder was empty when wbart first wrote there, or made exactly a version."""
    try:
        return bool(_noted(workspace, folder)["filled"])
    except (OSError, ValueError, KeyError):
        return False


def _noted(workspace: Workspace, folder: str | os.PathLike[str]) -> Mapping[str, object]:
    text = _path(workspace, os.fspath(folder)).read_text(encoding="utf-8")
    noted: Mapping[str, object] = json.loads(text)
    return noted


def _path(workspace: Workspace, folder: str) -> Path:
    name = Digest.of(_real(folder).encode("utf-8", "surrogateescape")).hex
    return workspace.store.local / "origin" / f"{name}.json"


def _real(folder: str) -> str:
    return os.path.realpath(folder)
