"""Files of a run as W&B's public API shows them, a page at a time."""

from __future__ import annotations

import base64
import hashlib
import json
import mimetypes
import os
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TextIO

from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid, PathNotFound
from wbart.folders.file import existing
from wbart.projects.listing import Listing
from wbart.projects.paginator import Paginator
from wbart.recording.record import FileFact, RunRecord
from wbart.recording.stored import wanted_file
from wbart_storage.clock import rfc3339
from wbart_storage.files.folder import Folder
from wbart_storage.keys import blob_key
from wbart_storage.reading.fetch import Fetch

if TYPE_CHECKING:
    from wbart.workspace import Workspace

METADATA = "wandb-metadata.json"
SUMMARY = "wandb-summary.json"
CONFIG = "config.yaml"
Delete = Callable[[str], None]


class RunFile:
    """One file of a run: one that was saved, or one that W&B would make of the run's record."""

    def __init__(
        self, workspace: Workspace, name: str, fact: FileFact, made: bytes | None, delete: Delete
    ) -> None:
        self._workspace = workspace
        self._fact = fact
        self._made = made
        self._delete = delete
        self.name = name

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return self._fact.size

    @property
    def mimetype(self) -> str:
        """What its name says that it is; empty when it says nothing."""
        return self._fact.mimetype or mimetypes.guess_type(self.name)[0] or ""

    @property
    def updated_at(self) -> str:
        """When it was stored: RFC 3339, UTC."""
        return rfc3339(self._fact.mtime)

    @property
    def digest(self) -> str:
        """The store's digest of its bytes, with its algorithm."""
        return self._fact.digest

    @cached_property
    def md5(self) -> str:
        """MD5 of its bytes in base64; reads them."""
        digest = hashlib.md5(self._read(), usedforsecurity=False).digest()
        return base64.b64encode(digest).decode()

    @property
    def path_uri(self) -> str:
        """Where it lies whole: a URL or a path of any tool; else empty."""
        if self._made is not None or self._fact.pack or not self.size:
            return ""
        key = blob_key(self._fact.digest.partition(":")[2])
        return f"{self._workspace.store.url}/{key}"

    @property
    def url(self) -> str:
        """As `path_uri`, since there is no server."""
        return self.path_uri

    direct_url = url

    def download(
        self,
        root: str | os.PathLike[str] = ".",
        replace: bool = False,
        exist_ok: bool = False,
        api: object = None,
    ) -> TextIO:
        """Write it below root, every byte checked, and open it as text, as W&B does.

        A file that is there is replaced, or opened as it is with exist_ok; else ValueError.
        """
        path = os.path.join(root, self.name)
        found = existing(path, replace=replace, exist_ok=exist_ok)
        if found is not None:
            return found
        os.makedirs(root, exist_ok=True)
        if self._made is None:
            fetch = Fetch(self._workspace.store.reading(), os.fspath(root), jobs=1)
            for _ in fetch.run([wanted_file(self.name, self._fact)]):
                pass
        else:
            folder = Folder(os.fspath(root))
            try:
                folder.write(self.name, memoryview(self._made))
            finally:
                folder.close()
        return open(path, encoding="utf-8")

    def delete(self) -> None:
        """Take it away from the run."""
        self._delete(self.name)

    def _read(self) -> bytes:
        if self._made is not None:
            return self._made
        return self._workspace.store.blobs.read(wanted_file(self.name, self._fact))

    def __repr__(self) -> str:
        return f"<File {self.name} ({self.mimetype or 'unknown'}) {self.size}>"


class RunFiles(Paginator[RunFile]):
    """Files of a run by name, as they were when this was made: deleting some skips none."""

    def __init__(
        self,
        files: Callable[[], Iterable[RunFile]],
        names: Sequence[str] | None = None,
        pattern: str | None = None,
        per_page: int | None = None,
    ) -> None:
        """pattern is one of SQL's LIKE: `%.json`. ArgumentInvalid with names as well."""
        if names and pattern:
            raise ArgumentInvalid("names and pattern cannot be given together")
        if not isinstance(names, str | Iterable | None):
            raise ArgumentTypeInvalid(f"names of files are texts, not {names!r}")
        wanted = {names} if isinstance(names, str) else set(names or ())
        like = re.compile(_regex(pattern)) if pattern else None

        def load() -> list[RunFile]:
            return [
                each
                for each in files()
                if (not wanted or each.name in wanted)
                and (like is None or like.fullmatch(each.name))
            ]

        source: Listing[RunFile, RunFile] = Listing(load, lambda f: (f.name,), lambda f: f)
        super().__init__(source, per_page)

    def __repr__(self) -> str:
        return f"<Files ({len(self)})>"


def made_files(record: RunRecord) -> dict[str, bytes]:
    """The files that W&B writes beside each run, made of what its record says."""
    fields = record.fields
    config = {name: {"value": value} for name, value in fields.get("config", {}).items()}
    made = {
        METADATA: {**fields.get("metadata", {}), "startedAt": rfc3339(record.created_at)},
        SUMMARY: fields.get("summary", {}),
        CONFIG: config,  # JSON is YAML, too
    }
    gone = set(fields.get("without", ()))
    return {name: _json(value) for name, value in made.items() if name not in gone}


def find_file(files: RunFiles, name: str) -> RunFile:
    """The file of that name. Raises PathNotFound."""
    for each in files:
        if each.name == name:
            return each
    raise PathNotFound(f"the run has no file {name!r}")


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=2, sort_keys=True).encode() + b"\n"


def _regex(pattern: str) -> str:
    pieces = ({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in pattern)
    return "(?s:" + "".join(pieces) + ")"
