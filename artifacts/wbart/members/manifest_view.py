"""`Artifact.manifest`: W&B's manifest object, as a view on ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from wbart.drafts.digests import wandb_json
from wbart.drafts.entry import ArtifactManifestEntry, shown_entry
from wbart_manifest.manifest import Manifest

if TYPE_CHECKING:
    from wbart.artifact import Artifact


class ArtifactManifest:
    """All entries of an artifact, read as they are asked for; changing it changes nothing."""

    version = 1

    def __init__(self, artifact: Artifact) -> None:
        self._artifact = artifact
        committed = artifact._committed
        self._manifest: Manifest = (
            committed.manifest if committed is not None else artifact._filling.manifest()
        )

    @property
    def entries(self) -> Mapping[str, ArtifactManifestEntry]:
        """All entries by path. Made anew, and whole in memory: iterate over the view instead."""
        return {entry.path: entry for entry in self}

    def __iter__(self) -> Iterator[ArtifactManifestEntry]:
        for entry in self._manifest.entries():
            yield shown_entry(entry, self._manifest.algorithm, self._artifact)

    def __len__(self) -> int:
        return self._manifest.count

    def get_entry_by_path(self, path: str) -> ArtifactManifestEntry | None:
        """The entry of a path, None if there is none."""
        entry = self._manifest.get(path)
        if entry is None:
            return None
        return shown_entry(entry, self._manifest.algorithm, self._artifact)

    def get_entries_in_directory(self, directory: str) -> list[ArtifactManifestEntry]:
        """The entries below a folder."""
        prefix = directory.rstrip("/") + "/"
        algorithm = self._manifest.algorithm
        entries = self._manifest.entries(prefix)
        return [shown_entry(entry, algorithm, self._artifact) for entry in entries]

    def digest(self) -> str:
        """The artifact's digest."""
        return self._artifact.digest

    def size(self) -> int:
        """Bytes of all entries."""
        return self._manifest.size

    def to_manifest_json(self) -> dict[str, Any]:
        """W&B's manifest, version 1, as JSON values."""
        artifact = self._artifact
        if artifact._committed is not None:
            wandb = artifact._committed.source.wandb
            algorithm = wandb["algorithm"] if wandb else "MD5"
        else:
            digests = artifact._filling.digests
            algorithm = digests.algorithm if digests is not None else "MD5"
        return wandb_json(self._manifest, algorithm, artifact._facts.storage_region)
