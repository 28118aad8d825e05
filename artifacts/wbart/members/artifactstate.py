"""What an artifact holds: facts and content while it is a draft, the version once it is one."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self, TypeVar, cast
from weakref import finalize

from wbart.drafts.facts import Facts
from wbart.errors import ArtifactFinalizedError, ArtifactNotLoggedError
from wbart_storage.progress import Progress, silent

if TYPE_CHECKING:
    from wbart.artifact import Artifact
    from wbart.committed import Committed
    from wbart.drafts.content import Content
    from wbart.drafts.entry import ArtifactManifestEntry
    from wbart.drafts.landing import Landing
    from wbart.drafts.saving import Loggable
    from wbart.media.shelf import Shelf
    from wbart.recording.path import RunPath
    from wbart.workspace import Workspace
    from wbart_manifest.entry import Entry

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound="ArtifactState")
Path = str | os.PathLike[str]


def while_open(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Refuse with ArtifactFinalizedError once the content is fixed."""

    @wraps(method)
    def checked(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if self._final:
            raise ArtifactFinalizedError(f"Artifact.{method.__name__}", self)
        return method(self, *args, **kwargs)

    return checked


class ArtifactState:
    """A draft, or the version that it became."""

    _shelf: Shelf | None = None
    """Its media objects, once there are any."""

    def __init__(
        self,
        name: str,
        type: str,
        description: str | None = None,
        metadata: dict[str, Any] | str | None = None,
        incremental: bool = False,
        use_as: str | None = None,
        storage_region: str | None = None,
        digest_algorithm: str | None = None,
    ) -> None:
        """Begin a draft. Raises ValueError or TypeError for what cannot be logged later."""
        from wbart.drafts.content import Content
        from wbart.drafts.second import wandb_digests
        from wbart.recording.surroundings import (
            current,
            current_algorithm,
            default_digest_algorithm,
        )

        self._facts = Facts.of(
            name, type, description, metadata, incremental, use_as, storage_region
        )
        if digest_algorithm is None:
            digest_algorithm = default_digest_algorithm()
        digests = wandb_digests(digest_algorithm)
        self._content: Content | None = Content(current, current_algorithm, digests)
        self._finalizer: finalize[[], ArtifactState] | None = finalize(self, self._content.abandon)
        self._committed: Committed | None = None
        self._landing: Landing | None = None
        self._final = False

    @property
    def state(self) -> str:
        """PENDING, COMMITTED, DELETED, or GARBAGE_COLLECTED when its content is gone for good."""
        return self._facts.state

    def is_draft(self) -> bool:
        """Whether it is not committed yet."""
        return self.state == "PENDING"

    @property
    def is_link(self) -> bool:
        """Whether it was fetched through a portfolio."""
        return self._committed is not None and self._committed.is_link

    def finalize(self) -> None:
        """Fix the content; logging does it too."""
        self._final = True

    @classmethod
    def _of(cls, found: Committed) -> Self:
        """The artifact of a committed version."""
        artifact = cls.__new__(cls)
        artifact._content = None
        artifact._finalizer = None
        artifact._landing = None
        artifact._facts = Facts.of_committed(found)
        artifact._committed = found
        artifact._final = True
        return artifact

    def _become(self, found: Committed) -> None:
        """Take on what the store says now."""
        self._facts = Facts.of_committed(found, self._facts)
        self._committed = found
        self._final = True
        self._landing = None
        if self._content is not None:
            self._content.close()

    def _check_open(self) -> None:
        if self._final:
            raise ArtifactFinalizedError("Artifact.new_file", self)

    def _land(self, found: Committed) -> None:
        """As `_become`, of a draft that was logged; once."""
        if self._committed is None:
            self._become(found)

    def _begin(self, landing: Landing) -> None:
        """Remember the logging that `wait` waits for."""
        self._final = True
        self._landing = landing

    def _save(
        self,
        workspace: Workspace,
        entity: str,
        project: str,
        *,
        run: RunPath | None = None,
        aliases: Sequence[str] = (),
        tags: Sequence[str] = (),
        progress: Progress = silent,
    ) -> None:
        """Log the draft at once, as `save_draft` does, and be the version."""
        from wbart.drafts.saving import save_draft

        self._final = True
        self._become(
            save_draft(
                self._loggable, workspace, entity, project, run=run, aliases=aliases, tags=tags,
                progress=progress,
            )
        )  # fmt: skip

    @property
    def _loggable(self) -> Loggable:
        from wbart.drafts.saving import Loggable

        if self._shelf is not None:
            from wbart.media.objects import settle

            settle(self)
        return Loggable(self._facts, self._filling)

    def _at(self, member: str) -> Committed:
        if self._committed is None:
            raise ArtifactNotLoggedError(f"Artifact.{member}", self)
        return self._committed

    @property
    def _filling(self) -> Content:
        assert self._content is not None, "a draft has content"
        return self._content

    def _shown(self, entry: Entry) -> ArtifactManifestEntry:
        from wbart.drafts.entry import shown_entry

        at = self._committed
        algorithm = at.manifest.algorithm if at else self._filling.draft.algorithm
        return shown_entry(entry, algorithm, cast("Artifact", self))

    def _download_entry(self, path: str, root: Path | None, skip_cache: bool | None) -> str:
        from wbart.folders.reading import download_entry

        return download_entry(self._at("download"), path, root)

    def _entry_url(self, path: str) -> str:
        return self._at("ref_url").entry_url(path)
