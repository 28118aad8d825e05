"""ArtifactManifestEntry: one file or reference of an artifact, as the model shows it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wbart_manifest.canonical_json import decode_object
from wbart_manifest.entry import Entry
from wbart_manifest.wandb_digest import entry_digest

if TYPE_CHECKING:
    from wbart.artifact import Artifact


@dataclass(slots=True)
class ArtifactManifestEntry:
    """A path of an artifact and what is known of its content. A copy: changing it changes nothing.

    `digest` is `blake3:<hex>`, or W&B's base64 form where the artifact has W&B's digests; that
    of a reference is what the remote side said of it.
    """

    path: str
    digest: str
    ref: str | None = None
    birth_artifact_id: str | None = None
    size: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    local_path: str | None = None
    skip_cache: bool = False
    _parent_artifact: Artifact | None = field(default=None, repr=False, compare=False)

    def parent_artifact(self) -> Artifact:
        """The artifact that the entry was taken from."""
        if self._parent_artifact is None:
            raise ValueError(f"entry {self.path} belongs to no artifact")
        return self._parent_artifact

    def download(
        self, root: str | os.PathLike[str] | None = None, skip_cache: bool | None = None
    ) -> str:
        """Write the file below root (default: the artifact's own) and return its absolute path."""
        return self.parent_artifact()._download_entry(self.path, root, skip_cache)

    def ref_target(self) -> str:
        """The URI that the entry refers to. Raises ValueError when it is no reference."""
        if self.ref is None:
            raise ValueError(f"Only reference entries support ref_target(): {self.path}")
        return self.ref

    def ref_url(self) -> str:
        """A URI by which another artifact can refer to this entry."""
        return self.parent_artifact()._entry_url(self.path)

    def __repr__(self) -> str:
        names = ("path", "digest", "ref", "birth_artifact_id", "size", "extra", "local_path")
        shown = (f"{name}={value!r}" for name in names if (value := getattr(self, name)))
        return f"ArtifactManifestEntry({', '.join(shown)})"


def shown_entry(entry: Entry, algorithm: str, parent: Artifact | None) -> ArtifactManifestEntry:
    """The entry of a manifest as the model shows it."""
    extra = entry.extra if entry.reference is None else entry.reference.extra
    return ArtifactManifestEntry(
        path=entry.path,
        digest=entry_digest(entry, algorithm),
        ref=entry.reference.uri if entry.reference is not None else None,
        size=entry.size,
        extra=decode_object(extra) if extra else {},
        _parent_artifact=parent,
    )
