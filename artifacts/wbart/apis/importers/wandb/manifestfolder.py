"""A folder as W&B's `Artifact.download` leaves it, with the manifest beside its files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wbart.apis.importers.wandb.contents import ManifestRow, fill
from wbart.artifact import Artifact
from wbart.drafts.saving import check_loggable
from wbart.errors import ArgumentInvalid
from wbart.recording import surroundings
from wbart_manifest import wandb_json
from wbart_manifest.wandb_digest import MD5, XXH128
from wbart_storage.disk import source_error

if TYPE_CHECKING:
    from wbart.workspace import Workspace
    from wbart_manifest.wandb_json import Row

FILE: Final = "wandb_manifest.json"
_ALGORITHM: Final = "alg"
"""Of an entry's extra: which of W&B's digests it has, if it is not MD5."""


def is_folder(path: str | os.PathLike[str]) -> bool:
    """Whether the path is a folder with a manifest of W&B's."""
    return Path(path, FILE).is_file()


def import_folder(
    workspace: Workspace,
    path: str | os.PathLike[str],
    name: str,
    type: str,
    *,
    aliases: Sequence[str] = (),
    tags: Sequence[str] = (),
) -> Artifact:
    """Make a version of the files that the manifest in the folder lists; others stay out.

    Its digest is W&B's. Raises IntegrityError, which names the path, for a file with other bytes,
    ArgumentInvalid for one that is not there, ManifestError for a manifest that is none; then
    nothing is stored. A version that is there already is not made twice.
    """
    home = Path(os.path.abspath(path))
    rows = _rows(home)
    entity, project = workspace.entity, workspace.project
    surroundings.enter(workspace)
    try:
        draft = Artifact(name, type, digest_algorithm=_algorithm(rows))
        check_loggable(draft._facts, workspace, entity, project, aliases, tags)
        fill(draft, _with_files(home, rows), "", {})
        draft._save(workspace, entity, project, aliases=aliases, tags=tags)
    finally:
        surroundings.leave(workspace)
    return draft


def _rows(home: Path) -> list[Row]:
    try:
        data = (home / FILE).read_bytes()
    except FileNotFoundError:
        raise ArgumentInvalid(f"{home} has no {FILE}") from None
    except OSError as error:
        raise source_error(error, home / FILE) from error
    return wandb_json.load(data)


def _algorithm(rows: Sequence[Row]) -> str:
    """The one algorithm of all entries that are files."""
    found = {str(row.extra.get(_ALGORITHM, MD5)).upper() for row in rows if row.ref is None}
    if len(found) > 1 or not found <= {MD5, XXH128}:
        raise ArgumentInvalid(f"a manifest with digests of {', '.join(sorted(found))}")
    return found.pop() if found else MD5


def _with_files(home: Path, rows: Sequence[Row]) -> Iterator[ManifestRow]:
    for row in rows:
        local = os.fspath(home / row.path) if row.ref is None else None
        yield ManifestRow(row.path, row.digest, row.ref, row.size, local, row.extra)
