"""What is in an artifact, and how it gets there: the members that `Artifact` has for it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING, Any

from wbart.drafts.entry import ArtifactManifestEntry
from wbart.members.artifactabout import ArtifactAbout
from wbart.members.artifactstate import Path, while_open
from wbart_storage.progress import Progress, silent

if TYPE_CHECKING:
    from wbart.folders.file import ArtifactFiles
    from wbart.media.value import WBValue


class ArtifactInside(ArtifactAbout):
    """Entries: added and removed while it is a draft, asked for afterwards."""

    @while_open
    def add_file(
        self,
        local_path: Path,
        name: str | None = None,
        is_tmp: bool | None = False,
        skip_cache: bool | None = False,
        policy: str | None = "mutable",
        overwrite: bool = False,
    ) -> ArtifactManifestEntry:
        """Add a file as it is now. Raises ValueError for no file or a path taken otherwise."""
        return self._shown(
            self._filling.add_file(
                local_path, name, is_tmp=bool(is_tmp), policy=policy, overwrite=overwrite
            )
        )

    @while_open
    def add_dir(
        self,
        local_path: Path,
        name: str | None = None,
        skip_cache: bool | None = False,
        policy: str | None = "mutable",
        merge: bool = False,
        *,
        progress: Progress = silent,
    ) -> None:
        """Add all files below a folder; merge replaces what is there, else that is an error."""
        self._filling.add_dir(local_path, name, policy=policy, merge=merge, progress=progress)

    @while_open
    def add_reference(
        self,
        uri: str | ArtifactManifestEntry,
        name: str | None = None,
        checksum: bool = True,
        max_objects: int | None = None,
    ) -> Sequence[ArtifactManifestEntry]:
        """Refer to bytes that stay where they are. A folder becomes one entry for each file."""
        from wbart.references.referring import add_reference

        entries = add_reference(self._filling, uri, name, checksum, max_objects)
        return [self._shown(entry) for entry in entries]

    @while_open
    def new_file(
        self,
        name: str,
        mode: str = "x",
        encoding: str | None = None,
        policy: str | None = "mutable",
    ) -> IO[Any]:
        """Open a new file to write to; closing it adds it, an error in its `with` does not."""
        from wbart.drafts.newfile import new_file

        return new_file(self._filling, name, mode, encoding, self._check_open)

    @while_open
    def add(self, obj: WBValue, name: Path, overwrite: bool = False) -> ArtifactManifestEntry:
        """Add a media object as `<name>.<its type>.json`, and the files that it needs.

        The same object again gives its first entry. One that is in another artifact becomes a
        reference to it. At a name that is taken nothing changes, with a warning, unless overwrite.
        Raises TypeError for what is no such object.
        """
        from wbart.media.objects import put

        return self._shown(put(self, obj, os.fspath(name), overwrite=overwrite))

    @while_open
    def __setitem__(self, name: str, item: WBValue) -> None:
        """As `add`."""
        self.add(item, name)

    def __getitem__(self, name: str) -> WBValue | None:
        """As `get`."""
        return self.get(name)

    def get(self, name: str) -> WBValue | None:
        """The media object of that name; None if there is none. Fetches only what it needs."""
        from wbart.media.objects import get

        return get(self, name)

    @while_open
    def remove(self, item: Path | ArtifactManifestEntry) -> None:
        """Remove an entry, or all below a folder. Raises FileNotFoundError for neither."""
        from wbart.references.referring import item_path

        self._filling.remove(item_path(item))

    def get_added_local_path_name(self, local_path: str) -> str | None:
        """The path under which a local file was added; None if it was not."""
        return self._content.local_name(local_path) if self._content is not None else None

    def get_entry(self, name: Path) -> ArtifactManifestEntry:
        """The entry of a path, or of a media object's name. Raises KeyError."""
        from wbart.media.objects import entry_of

        self._at("get_entry")
        return self._shown(entry_of(self, name))

    def get_path(self, name: Path) -> ArtifactManifestEntry:
        """Deprecated: use `get_entry`."""
        from wbart.folders.reading import warn_get_path

        warn_get_path()
        return self.get_entry(name)

    def files(
        self, names: list[str] | None = None, per_page: int = 50, start: str | None = None
    ) -> ArtifactFiles:
        """Its files, a page at a time; names picks some."""
        from wbart.folders.file import ArtifactFiles

        at = self._at("files")
        return ArtifactFiles(at, self._shown, names, per_page, start)
