"""An artifact as the source of objects: only the files that are needed come, through the cache."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import finalize

from wbart.errors import IntegrityError, PathNotFound
from wbart_manifest.errors import PathInvalid
from wbart_manifest.path import canonical
from wbart_storage.errors import BlobCorrupt
from wbart_storage.progress import silent

if TYPE_CHECKING:
    from wbart.media.value import WBValue
    from wbart.members.artifactstate import ArtifactState
    from wbart.workspace import Workspace
    from wbart_manifest.entry import Entry


class ArtifactSource:
    """A committed version, whose files are written to its default root; or a draft."""

    def __init__(self, artifact: ArtifactState) -> None:
        self.artifact = artifact
        self._here: set[str] = set()
        self._temporary: str | None = None

    def get(self, name: str) -> WBValue | None:
        """The object of that name, with or without the suffix of its type."""
        from wbart.media.objects import get

        return get(self.artifact, name)

    def find(self, path: str) -> Entry | None:
        """The entry of a path, of a draft as well."""
        at = self.artifact._committed
        try:
            path = canonical(path)
        except PathInvalid:
            return None
        if at is not None:
            return at.manifest.get(path)
        return self.artifact._filling.get(path)

    def below(self, folder: str) -> Sequence[str]:
        """The paths below a folder, sorted; all, if it is empty."""
        prefix = canonical(folder) + "/" if folder else ""
        at = self.artifact._committed
        manifest = at.manifest if at is not None else self.artifact._filling.manifest()
        return [entry.path for entry in manifest.entries(prefix)]

    def read(self, path: str) -> bytes:
        """The bytes of a small file, which need not lie on the disk."""
        entry = self.entry(path)
        if entry.reference is not None:
            return self.local_path(path).read_bytes()
        at = self.artifact._committed
        if at is None:
            from wbart.media.stagedfile import staged_bytes

            return staged_bytes(self.artifact._filling, entry)
        from wbart.folders.writing import wanted

        try:
            return at.workspace.store.reading().read(wanted(entry))
        except BlobCorrupt as error:
            raise IntegrityError(f"{path}: {error}", error) from error

    def local_path(self, path: str) -> Path:
        """The file of that path on this machine; fetched if need be. Raises PathNotFound."""
        entry = self.entry(path)
        file = Path(self._root(), entry.path)
        if entry.path not in self._here or not file.is_file():
            self._bring([entry])
        return file

    def bring(self, paths: Iterable[str]) -> None:
        """Fetch the files at once that are not here; what the artifact lacks is passed over."""
        found = [self.find(path) for path in dict.fromkeys(paths)]
        self._bring([each for each in found if each is not None and each.path not in self._here])

    def entry(self, path: str) -> Entry:
        """The entry of a path, of a draft as well. Raises PathNotFound."""
        entry = self.find(path)
        if entry is None:
            raise PathNotFound(f"Path not contained in artifact: {path}")
        return entry

    def _bring(self, entries: list[Entry]) -> None:
        from wbart.references.fetch import fetch_references

        root, at = self._root(), self.artifact._committed
        files = [each for each in entries if each.reference is None]
        if at is None:
            self._unstage(files, root)
        elif files:
            from wbart.folders.writing import write

            write(at.workspace, root, files, None, silent)
        references = [each for each in entries if each.reference is not None]
        if references:
            fetch_references(self._workspace, self._resolved(references), root, allow_missing=False)
        self._here.update(each.path for each in entries)

    def _resolved(self, references: list[Entry]) -> list[Entry]:
        """Without what refers to a draft: that is copied from there."""
        shelf = self.artifact._shelf
        pending = shelf.pending if shelf is not None else {}
        for each in references:
            if each.path in pending:
                there = pending[each.path]
                source = _source(there.artifact).local_path(there.path)
                target = Path(self._root(), each.path)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
        return [each for each in references if each.path not in pending]

    def _unstage(self, files: list[Entry], root: str) -> None:
        from wbart.media.stagedfile import staged_bytes

        for entry in files:
            target = Path(root, entry.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(staged_bytes(self.artifact._filling, entry))

    @property
    def _workspace(self) -> Workspace:
        at = self.artifact._committed
        return at.workspace if at is not None else self.artifact._filling.workspace

    def _root(self) -> str:
        at = self.artifact._committed
        if at is not None:
            from wbart.folders.root import download_root

            return download_root(at)
        if self._temporary is None:
            self._temporary = tempfile.mkdtemp(prefix="wbart-media-")
            finalize(self, shutil.rmtree, self._temporary, ignore_errors=True)
        return self._temporary


def _source(artifact: ArtifactState) -> ArtifactSource:
    from wbart.media.shelf import shelf

    return shelf(artifact).source
