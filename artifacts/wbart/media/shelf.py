"""What a draft remembers of the objects that were added to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wbart.media.artifactsource import ArtifactSource
from wbart.media.localfiles import LocalFiles
from wbart_storage.tokens import token_hex

if TYPE_CHECKING:
    from wbart.media.value import WBValue
    from wbart.members.artifactstate import ArtifactState


@dataclass(frozen=True, slots=True)
class Pending:
    """A reference to a path of a draft that is no version yet."""

    artifact: ArtifactState
    path: str
    uri: str
    value: WBValue | None
    """The object that lies there; None of a file of one."""


@dataclass(slots=True)
class Shelf:
    """The objects of one artifact, and where it is read."""

    source: ArtifactSource
    added: dict[int, tuple[WBValue, str]] = field(default_factory=dict)
    """By `id`: the object itself, so that its id is not another's, and its path."""
    pending: dict[str, Pending] = field(default_factory=dict)
    files: LocalFiles = field(default_factory=LocalFiles)
    client_id: str = field(default_factory=lambda: token_hex(16))
    """What names the artifact while it has no id yet."""


def shelf(artifact: ArtifactState) -> Shelf:
    """The artifact's own."""
    if artifact._shelf is None:
        artifact._shelf = Shelf(ArtifactSource(artifact))
    return artifact._shelf
