"""A draft as the holder of objects: their files become its entries, others' files references."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from wbart.drafts.entry import ArtifactManifestEntry, shown_entry
from wbart.media.artifactsource import ArtifactSource
from wbart.media.shelf import Pending, shelf
from wbart.media.value import Held, Origin, WBValue
from wbart.references.references import reference

if TYPE_CHECKING:
    from wbart.committed import Committed
    from wbart.members.artifactstate import ArtifactState
    from wbart_manifest.entry import Entry

CLIENT_SCHEME = "wandb-client-artifact"
"""W&B's, of references to artifacts that have no id yet."""


class ArtifactHolder:
    """Puts what objects consist of into one draft."""

    kind: Literal["artifact"] = "artifact"
    label = ""

    def __init__(self, artifact: ArtifactState) -> None:
        self._artifact = artifact
        self._content = artifact._filling

    def hold_file(self, local: Path | bytes, path: str) -> str:
        """Keep the bytes under this path and return it. The same bytes twice are fine."""
        if isinstance(local, bytes):
            return self._content.add_data(local, path, overwrite=False).path
        return self._content.add_file(local, path).path

    def held(self, local: Path) -> str | None:
        """The path under which a local file is kept already."""
        return shelf(self._artifact).files.path(self._content, local)

    def has(self, path: str) -> bool:
        """Whether anything is kept under this path."""
        return self._content.get(path) is not None

    def hold_value(self, value: WBValue, name: str) -> Held:
        """Keep another object as a file of its own, as `Artifact.add` does."""
        from wbart.media.objects import put

        entry = put(self._artifact, value, name, overwrite=False)
        return Held(entry.path, self._shown(entry).digest)

    def refer(self, uri: str, path: str) -> str:
        """Keep a reference to what a URI names under this path and return it."""
        from wbart.references.referring import add_reference

        return add_reference(self._content, uri, path, True, None)[0].path

    def hold_from(self, origin: Origin, path: str) -> str:
        """Refer to a file of another artifact under the same path; copy it from elsewhere."""
        source = origin.source
        if isinstance(source, ArtifactSource) and self.reaches(source.artifact):
            if source.artifact is self._artifact:
                return path
            return self.refer_to(source.artifact, path, path).path
        return self.hold_file(source.local_path(path), path)

    def reaches(self, other: ArtifactState) -> bool:
        """Whether a reference to the other can be followed: it is, or will be, in this store."""
        at = other._committed
        if at is None:
            return True
        here = self._content.workspace.store.config.store_id
        return at.workspace.store.config.store_id == here

    def refer_to(
        self,
        other: ArtifactState,
        path: str,
        here: str,
        value: WBValue | None = None,
        *,
        overwrite: bool = False,
    ) -> Entry:
        """Refer to a path of another artifact, a draft as well. Raises EntryClash."""
        there = shown(other, path)
        held = self._content.get(here)
        if held is not None and self._shown(held).digest == there.digest:
            return held
        entry = self._reference(other, there, here, value)
        return self._content.put(entry, overwrite=overwrite)

    def _reference(
        self, other: ArtifactState, there: ArtifactManifestEntry, here: str, value: WBValue | None
    ) -> Entry:
        at = other._committed
        if at is not None:
            return reference_to(at, there, here)
        if there.ref is not None and there.path not in shelf(other).pending:
            return reference(here, there.ref, there.digest, there.size, there.extra)
        uri = f"{CLIENT_SCHEME}://{shelf(other).client_id}/{there.path}"
        shelf(self._artifact).pending[here] = Pending(other, there.path, uri, value)
        return reference(here, uri, there.digest, 0)

    def _shown(self, entry: Entry) -> ArtifactManifestEntry:
        return shown_entry(entry, self._content.draft.algorithm, None)


def reference_to(at: Committed, there: ArtifactManifestEntry, here: str) -> Entry:
    """A reference to an entry of a version; one that refers on is followed to its end."""
    if there.ref is not None:
        return reference(here, there.ref, there.digest, there.size, there.extra)
    extra = {"artifact": at.source_place.qualified_name}
    return reference(here, at.entry_url(there.path), there.digest, 0, extra)


def shown(artifact: ArtifactState, path: str) -> ArtifactManifestEntry:
    """The entry of a path, of a draft as well. Raises PathNotFound."""
    entry, at = shelf(artifact).source.entry(path), artifact._committed
    algorithm = at.manifest.algorithm if at is not None else artifact._filling.draft.algorithm
    return shown_entry(entry, algorithm, None)
