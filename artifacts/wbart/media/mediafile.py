"""Media: an object that is one file, and a few words about it."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self

from wbart.errors import ArgumentInvalid
from wbart.media.scratch import keep
from wbart.media.value import Holder, Source, WBValue

_REFERENCE = re.compile(r"(gs|s3|https?)://")
_NAMED = 20
"""Digits of a digest in the names of files."""


class _Seen(NamedTuple):
    """What a file was like when its digest was taken."""

    size: int
    mtime_ns: int


class Media(WBValue):
    """A file, made of data or the user's own, that is kept under a name made of its content.

    Equal when the files are. Raises ArgumentInvalid (a ValueError) for a file that is not there.
    """

    _folder: ClassVar[str]
    """Where artifacts and runs keep such files."""
    _run_type: ClassVar[str | None] = None
    """The `_type` in a run, where it is not the log type."""

    def __init__(self, caption: str | None = None) -> None:
        self._caption = caption
        self._path: str | None = None
        self._sha256 = ""
        self._size = 0
        self._extension: str | None = None
        self._made = False
        """Whether the file is ours, not the user's."""
        self._seen: _Seen | None = None
        self._named: str | None = None
        """The digest that its JSON gave it: that of a reference is its URI's, not the file's."""
        self._path_there: str | None = None
        """The path of the file in the source that the object was read from."""

    # How it comes by its file.

    def _take(self, path: str | os.PathLike[str], extension: str | None = None) -> None:
        """Be the user's file."""
        self._path, self._extension = os.fspath(path), extension
        self._look()

    def _make(self, data: bytes, extension: str) -> None:
        """Be a new file of these bytes."""
        self._take(keep(data, extension), extension)
        self._made = True

    def _refer(self, uri: str) -> None:
        """Be what lies at the URI; its digest is that of the URI, as W&B has it."""
        self._path = uri
        self._sha256 = hashlib.sha256(uri.encode()).hexdigest()

    def _look(self) -> None:
        try:
            with open(self._local, "rb") as file:
                self._sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                status = os.fstat(file.fileno())
        except OSError as error:
            raise ArgumentInvalid(f"Path is not a file: {self._local!r}") from error
        self._seen = _Seen(status.st_size, status.st_mtime_ns)
        self._size = status.st_size

    def _look_again(self) -> None:
        """The user's file may have changed since, or be gone."""
        if self._is_reference:
            return
        status = os.stat(self._local) if os.path.exists(self._local) else None
        if status is None or _Seen(status.st_size, status.st_mtime_ns) != self._seen:
            self._look()

    @property
    def _local(self) -> str:
        assert self._path is not None, "every kind takes, makes or refers to a file"
        return self._path

    @property
    def _is_reference(self) -> bool:
        return self._path is not None and is_reference(self._path)

    # How it is kept and read back.

    def to_json(self, holder: Holder) -> dict[str, Any]:
        """W&B's JSON of it; the file goes to the holder."""
        self._look_again()
        found: dict[str, Any] = {} if self._caption is None else {"caption": self._caption}
        if holder.kind == "run":
            found |= {"_type": self._run_type or self._log_type, "path": self._into_run(holder)}
            found |= {"sha256": self._sha256, "size": self._size}
        else:
            found |= {"_type": self._log_type, "path": self._into_artifact(holder)}
            found["sha256"] = self._identity
        return found

    @classmethod
    def from_json(cls, json_obj: dict[str, Any], source: Source) -> Self:
        """The object of its JSON, and of the file of the source that it names."""
        path = str(json_obj["path"])
        value = cls._read(source.local_path(path), json_obj, source)
        value._path_there = path
        value._named = str(json_obj.get("sha256") or value._sha256)
        return value

    @classmethod
    def _read(cls, local: Path, json_obj: dict[str, Any], source: Source) -> Self:
        """The object of a file and its JSON."""
        return cls(local)  # type: ignore[arg-type]  # all but a few kinds take a path first

    def _into_run(self, holder: Holder) -> str:
        if self._is_reference:
            raise ArgumentInvalid(
                f"{type(self).__name__} media created by a reference to external storage cannot "
                "currently be added to a run"
            )
        extension = self._extension or os.path.splitext(self._local)[1]
        name = f"{holder.label}_{self._sha256[:_NAMED]}{extension}"
        return holder.hold_file(Path(self._local), f"{self._folder}/{name}")

    def _into_artifact(self, holder: Holder) -> str:
        if self._origin is not None and self._path_there is not None:
            return holder.hold_from(self._origin, self._path_there)
        base = os.path.basename(self._local)
        if self._is_reference:
            return holder.refer(self._local, f"{self._folder}/{self._sha256[:_NAMED]}/{base}")
        if self._made:
            return holder.hold_file(Path(self._local), f"{self._folder}/{base}")
        there = holder.held(Path(self._local))
        if there is not None:
            return there
        path = f"{self._folder}/{self._sha256[:_NAMED]}/{base}"
        return holder.hold_file(Path(self._local), path)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._same_file(other)

    __hash__ = None  # type: ignore[assignment]

    def _same_file(self, other: object) -> bool:
        return isinstance(other, Media) and self._identity == other._identity

    @property
    def _identity(self) -> str:
        return self._named or self._sha256

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._sha256[:12]}>"


def is_reference(path: str) -> bool:
    """Whether it is a URI that artifacts can refer to."""
    return _REFERENCE.match(path) is not None


def captions(values: Sequence[Media]) -> list[str | None] | bool:
    """The captions of many, or False when the first has none, as W&B has it."""
    return False if values[0]._caption is None else [each._caption for each in values]
