"""A workspace of its own in a folder of its own, with a clock that stands still."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wbart.artifact import Artifact
from wbart.drafts.saving import check_loggable
from wbart.refs.loading import load
from wbart.settings.settings import Settings
from wbart.workspace import Workspace
from wbart_storage.clock import FixedClock

Files = Mapping[str, str | bytes]


@dataclass(frozen=True)
class House:
    """Makes files, drafts and versions in one store."""

    folder: Path
    workspace: Workspace
    clock: FixedClock

    @classmethod
    def build(cls, folder: Path, store: str = "store") -> House:
        settings = Settings(
            store=str(folder / store),
            cache_dir=folder / "cache",
            data_dir=folder / "data",
            entity="ann",
            project="zoo",
            jobs=2,
        )
        opened = Workspace.open(settings)
        clock = FixedClock()
        return cls(folder, Workspace(settings, replace(opened.store, clock=clock)), clock)

    @property
    def store(self) -> Path:
        return Path(self.workspace.settings.store)

    def file(self, path: str, content: str | bytes = "hello") -> Path:
        """A file below the folder."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        return target

    def tree(self, name: str, files: Files) -> Path:
        """A folder with these files."""
        (self.folder / name).mkdir(parents=True, exist_ok=True)
        for path, content in files.items():
            self.file(f"{name}/{path}", content)
        return self.folder / name

    def draft(self, files: Files | None = None, name: str = "data", **more: Any) -> Artifact:
        """A draft with these files."""
        artifact = Artifact(name, more.pop("type", "dataset"), **more)
        for path, content in (files or {}).items():
            with artifact.new_file(path, "wb") as file:
                file.write(content.encode() if isinstance(content, str) else content)
        return artifact

    def save(self, artifact: Artifact, *aliases: str, tags: tuple[str, ...] = ()) -> Artifact:
        """The artifact, committed as the next version."""
        place = self.workspace.entity, self.workspace.project
        check_loggable(artifact._facts, self.workspace, *place, aliases, tags)
        artifact._save(self.workspace, *place, aliases=aliases, tags=tags)
        return artifact

    def version(self, files: Files | None = None, *aliases: str, **more: Any) -> Artifact:
        """A committed version with these files."""
        return self.save(
            self.draft({"a.txt": "hello"} if files is None else files, **more), *aliases
        )

    def load(self, ref: str, **more: Any) -> Artifact:
        """The version of a REF."""
        return loaded(self.workspace, ref, **more)

    def objects(self, kind: str) -> list[Path]:
        """The files of the store below `k` (packs), `o` (blobs), `t` (nodes) or `c` (journals)."""
        return sorted(path for path in (self.store / kind).rglob("*") if path.is_file())


def loaded(workspace: Workspace, ref: str, **more: Any) -> Artifact:
    """The version of a REF in a workspace."""
    return Artifact._of(load(workspace, ref, **more))


def listing(folder: str | os.PathLike[str]) -> dict[str, str]:
    """Path and content of every file below a folder."""
    root = Path(folder)
    found = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_text() for path in sorted(found)}


def flip(path: Path, offset: int = -1) -> None:
    """Change one byte of a file, its times and all else as they were."""
    status = path.stat()
    data = bytearray(path.read_bytes())
    data[offset] ^= 0xFF
    path.chmod(0o644)
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
