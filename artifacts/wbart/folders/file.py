"""Files of an artifact as W&B's public API shows them, a page at a time."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TextIO

from wbart.drafts.entry import ArtifactManifestEntry
from wbart.errors import ArgumentInvalid
from wbart.projects.paginator import Key, Paginator
from wbart_manifest.entry import Entry
from wbart_manifest.location import WHOLE
from wbart_manifest.path import canonical
from wbart_storage.keys import blob_key

if TYPE_CHECKING:
    from wbart.committed import Committed

Show = Callable[[Entry], ArtifactManifestEntry]
"""Makes of a stored entry the one that knows its artifact."""


def existing(path: str, *, replace: bool, exist_ok: bool) -> TextIO | None:
    """The file that is there, opened as text, if exist_ok; None where it is to be written.

    Raises ArgumentInvalid, in W&B's words, for one that is neither wanted nor to be replaced.
    """
    if replace or not os.path.exists(path):
        return None
    if not exist_ok:
        raise ArgumentInvalid(
            "File already exists, pass replace=True to overwrite or exist_ok=True to "
            f"leave it as is and don't error: {path!r}"
        )
    return open(path, encoding="utf-8")


class File:
    """One file of a committed artifact."""

    def __init__(self, at: Committed, entry: Entry, show: Show) -> None:
        self._at = at
        self._entry = entry
        self._show = show

    @property
    def name(self) -> str:
        """Its path in the artifact."""
        return self._entry.path

    @property
    def size(self) -> int:
        """Its size in bytes; 0 where a reference does not tell."""
        return self._entry.size or 0

    @property
    def digest(self) -> str:
        """As the digest of the artifact's entry."""
        return self._show(self._entry).digest

    @property
    def md5(self) -> str:
        """W&B's name for `digest`; an MD5 only where the artifact has W&B's digests."""
        return self.digest

    @property
    def mimetype(self) -> str:
        """What its name says that it is; empty when it says nothing."""
        return mimetypes.guess_type(self.name)[0] or ""

    @property
    def storage_path(self) -> str:
        """The key under which it lies whole in the store; empty when it shares an object."""
        location = self._entry.location
        if location is None or location.kind != WHOLE:
            return ""
        return blob_key(self._entry.digest.hex(), location.epoch)

    @property
    def path_uri(self) -> str:
        """Where it lies whole: a URL or a path of any tool; a reference's URI; else empty."""
        if self._entry.reference is not None:
            return self._entry.reference.uri
        key = self.storage_path
        return f"{self._at.workspace.store.url}/{key}" if key else ""

    @property
    def url(self) -> str:
        """As `path_uri`, since there is no server."""
        return self.path_uri

    @property
    def direct_url(self) -> str:
        """As `path_uri`."""
        return self.path_uri

    def download(
        self, root: str | os.PathLike[str] = ".", replace: bool = False, exist_ok: bool = False
    ) -> TextIO:
        """Write it below root and open it as text, as W&B does.

        A file that is there is replaced, or opened as it is with exist_ok; else ValueError.
        """
        found = existing(os.path.join(root, self.name), replace=replace, exist_ok=exist_ok)
        if found is not None:
            return found
        return open(self._show(self._entry).download(os.fspath(root)), encoding="utf-8")

    def __repr__(self) -> str:
        return f"<File {self.name} ({self.mimetype or 'unknown'})>"


class ArtifactFiles(Paginator[File]):
    """The files of a committed artifact, by path; names picks some, and `len()` counts those."""

    def __init__(
        self,
        at: Committed,
        show: Show,
        names: Sequence[str] | None = None,
        per_page: int | None = None,
        start: str | None = None,
    ) -> None:
        self._at = at
        super().__init__(_Entries(at, show, names), per_page, start)

    def __repr__(self) -> str:
        return f"<ArtifactFiles {self._at.place.qualified_name} ({len(self)})>"


class _Entries:
    """The entries of a manifest as a source: read as they are asked for, whatever their number."""

    def __init__(self, at: Committed, show: Show, names: Sequence[str] | None) -> None:
        self._at = at
        self._show = show
        self._manifest = at.manifest
        given = [names] if isinstance(names, str) else names
        self._names = None if given is None else sorted({canonical(name) for name in given})

    def items(self, after: Key | None) -> Iterator[tuple[Key, File]]:
        """The files after a path."""
        for entry in self._entries(None if after is None else str(after[0])):
            yield (entry.path,), File(self._at, entry, self._show)

    def count(self) -> int:
        """How many there are."""
        if self._names is None:
            return self._manifest.count
        return sum(1 for _ in self._entries(None))

    def _entries(self, after: str | None) -> Iterator[Entry]:
        if self._names is None:
            yield from self._manifest.entries(after=after)
            return
        for name in self._names:
            entry = self._manifest.get(name) if after is None or name > after else None
            if entry is not None:
                yield entry
