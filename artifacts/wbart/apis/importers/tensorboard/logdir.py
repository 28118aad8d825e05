"""LogDir: the folder below which TensorBoard's event files lie."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid

_MARK = "tfevents"
_MADE = re.compile(r"tfevents\.(\d+)")
_NO_EVENTS = (".profile-empty", ".sagemaker-uploaded")
_FORM = b"1"
"""Goes up when what we make of event files changes, so that they are read again."""
_FIRST = 64
"""Bytes that hold a file's first record, which tells when it was begun, to the nanosecond."""
_BLOCK = 1 << 20
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class EventFile:
    """An event file, as far as it goes now: what is added later counts at the next import."""

    local: Path
    path: str
    """Below the root, with `/`."""
    size: int

    @property
    def namespace(self) -> str:
        """The folder below the root; empty for the root itself."""
        return self.path.rpartition("/")[0]

    @property
    def made(self) -> tuple[int, str]:
        """What files are ordered by to find the oldest: their names tell when they were begun."""
        found = _MADE.search(self.path.rpartition("/")[2])
        return (int(found[1]) if found else 0, self.path)

    def blocks(self) -> Iterator[bytes]:
        """Its bytes."""
        left = self.size
        with self.local.open("rb") as file:
            while left and (block := file.read(min(_BLOCK, left))):
                yield block
                left -= len(block)


@dataclass(frozen=True, slots=True)
class LogDir:
    """Event files below a root, in the order in which TensorBoard reads them."""

    root: Path
    files: tuple[EventFile, ...]

    @classmethod
    def at(cls, root: str | os.PathLike[str]) -> Self:
        """The event files below a folder, or the one that is named. Raises ArgumentInvalid."""
        if not isinstance(root, str | os.PathLike):
            raise ArgumentTypeInvalid(f"a folder of event files is a path, not {root!r}")
        path = Path(root).resolve()
        try:
            found = sorted(_found(path), key=lambda file: (file.namespace, str(file.local)))
        except OSError as error:
            raise ArgumentInvalid(f"cannot look for event files: {error}", error) from error
        if not found:
            raise ArgumentInvalid(f"no event files of TensorBoard (*{_MARK}*) are below {root}")
        return cls(path, tuple(found))

    @property
    def origin(self) -> str:
        """What stays when files grow or are added, and when the folder moves: its oldest file."""
        oldest = min((file for file in self.files if file.size), key=lambda file: file.made,
                     default=self.files[0])  # fmt: skip
        first = next(oldest.blocks(), b"")[:_FIRST]
        return f"tensorboard:{oldest.path}:{hashlib.sha256(first).hexdigest()[:32]}"

    @property
    def run_id(self) -> str:
        """The id of the run that it becomes unless one is given: that of its origin and name."""
        known = "\0".join((self.root.name, self.origin)).encode("utf-8", "surrogateescape")
        number = int.from_bytes(hashlib.sha256(known).digest(), "big")
        return "".join(_LETTERS[number // 36**place % 36] for place in range(8))

    def fingerprint(self) -> str:
        """Another one as soon as any file says more, or something else."""
        found = hashlib.sha256(_FORM)
        for file in self.files:
            inside = hashlib.sha256()
            for block in file.blocks():
                inside.update(block)
            found.update(f"{file.path}\0{file.size}\0".encode("utf-8", "surrogateescape"))
            found.update(inside.digest())
        return found.hexdigest()


def _found(root: Path) -> Iterator[EventFile]:
    if root.is_file():
        if _is_event_file(root):
            yield _file(root, root.parent)
        return
    for folder, _, names in os.walk(root, onerror=_raise):
        for name in names:
            if _is_event_file(local := Path(folder, name)):
                yield _file(local, root)


def _is_event_file(local: Path) -> bool:
    return _MARK in local.name and not local.name.endswith(_NO_EVENTS) and local.is_file()


def _file(local: Path, root: Path) -> EventFile:
    return EventFile(local, local.relative_to(root).as_posix(), local.stat().st_size)


def _raise(error: OSError) -> None:
    raise error
