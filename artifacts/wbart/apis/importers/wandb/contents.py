"""A draft of what W&B's manifest lists: every file is read and compared with its digest."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from wbart.artifact import Artifact
from wbart.errors import ArgumentInvalid, IntegrityError
from wbart.references.references import reference
from wbart.references.scrub import storable
from wbart_manifest.path import check
from wbart_manifest.wandb_digest import entry_digest

CLIENT_SCHEME: Final = "wandb-client-artifact://"
"""Of references to an artifact that W&B's server has not seen yet, by its client id."""
Known = Mapping[str, Artifact]
"""Versions by their client ids."""


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """One entry as W&B has it."""

    path: str
    digest: str
    ref: str | None = None
    size: int | None = None
    local: str | None = None
    """Where the file lies that it was made of."""
    extra: Mapping[str, Any] = field(default_factory=dict)


def fill(artifact: Artifact, rows: Iterable[ManifestRow], digest: str, known: Known) -> None:
    """Put the entries in.

    Raises IntegrityError, which names the path, for a file with other bytes than its digest says;
    ArgumentInvalid for one that is not there, and for digests that do not make W&B's digest.
    """
    altered = False
    for row in rows:
        if row.ref is None:
            _file(artifact, row)
        else:
            _refer(artifact, row, row.ref, known)
            altered = altered or storable(row.digest) != row.digest
    if digest and artifact.digest != digest and not altered:
        raise IntegrityError(f"{artifact.name} has the digest {artifact.digest}, not {digest}")


def _file(artifact: Artifact, row: ManifestRow) -> None:
    if row.local is None or not os.path.isfile(row.local):
        where = "W&B alone has its bytes" if row.local is None else f"{row.local} is not there"
        raise ArgumentInvalid(f"{artifact.name}: {row.path}: {where}")
    content = artifact._filling
    entry = content.add_file(row.local, check(row.path))
    found = entry_digest(entry, content.draft.algorithm)
    if found != row.digest:
        raise IntegrityError(
            f"{artifact.name}: {row.path}: {row.local} has the digest {found}, not {row.digest}"
        )


def _refer(artifact: Artifact, row: ManifestRow, uri: str, known: Known) -> None:
    if uri.startswith(CLIENT_SCHEME):
        client, _, path = uri.removeprefix(CLIENT_SCHEME).partition("/")
        target = known.get(client)
        if target is None:
            raise ArgumentInvalid(
                f"{artifact.name}: {row.path} refers to an artifact that is not known here: {uri}"
            )
        artifact.add_reference(target.get_entry(path), row.path)
        return
    path = check(row.path)
    entry = reference(path, uri, storable(row.digest), row.size, dict(row.extra))
    artifact._filling.put(entry, overwrite=False)
