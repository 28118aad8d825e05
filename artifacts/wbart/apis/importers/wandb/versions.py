"""The artifacts of a W&B run as drafts, in the order in which it logged and used them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from wbart.apis.importers.importedrun import ImportedArtifact
from wbart.apis.importers.wandb.artifactrecord import ArtifactRecord
from wbart.apis.importers.wandb.contents import fill
from wbart.apis.importers.wandb.logfile import LogFile
from wbart.apis.importers.wandb.message import Message, body, told
from wbart.artifact import Artifact
from wbart.errors import ArgumentInvalid, ModelError
from wbart_manifest.errors import ManifestError
from wbart_storage.errors import SourceChanged

if TYPE_CHECKING:
    from wbart.apis.importers.namespace import Namespace

_LOGGED: Final = {8: "artifact"}
_RECORDS: Final = {**_LOGGED, 25: "use_artifact"}
_USED_TYPE, _USED_NAME = 2, 3


class Versions:
    """Makes drafts one by one. One that cannot be made is told as a problem, and is passed over."""

    def __init__(self, files: Sequence[LogFile], home: Namespace, problems: list[str]) -> None:
        """home is where the run will be: versions that it used are looked for there."""
        self._files = files
        self._home = home
        self._problems = problems
        self._known: dict[str, Artifact] = {}

    def __iter__(self) -> Iterator[ImportedArtifact]:
        for file in self._files:
            with told(file.path):
                for record in file.records():
                    found = body(record, _RECORDS)
                    if found is not None:
                        name, content = found
                        each = self._logged if name == "artifact" else self._used
                        yield from each(Message(content))

    def lacking(self) -> Iterator[str]:
        """The local files that drafts would need and that are not there."""
        for file in self._files:
            with told(file.path):
                for record in file.records():
                    found = body(record, _LOGGED)
                    if found is not None:
                        yield from _lacking(ArtifactRecord(Message(found[1])))

    def _logged(self, message: Message) -> Iterator[ImportedArtifact]:
        record = ArtifactRecord(message)
        if record.is_partial:
            self._problems.append(
                f"artifact {record.name} is a part of one that several runs make: not imported"
            )
            return
        try:
            draft = _draft(record)
            fill(draft, record.rows(), record.digest, self._known)
        except (ModelError, ManifestError, SourceChanged) as error:
            self._problems.append(f"artifact {record.name} was not imported: {error}")
            return
        yield ImportedArtifact(lambda: draft, record.aliases, record.tags)
        # By now the draft is the version that it was to be.
        self._known[record.client_id] = draft
        if record.is_used:
            yield ImportedArtifact(lambda: draft, used=True)

    def _used(self, message: Message) -> Iterator[ImportedArtifact]:
        name, type_ = message.text(_USED_NAME), message.text(_USED_TYPE)
        try:
            found = self._stored(name, type_)
        except ModelError as error:
            self._problems.append(f"artifact {name} was used, and is not in the store: {error}")
            return
        yield ImportedArtifact(lambda: found, used=True)

    def _stored(self, name: str, type_: str) -> Artifact:
        from wbart.recording.surroundings import current
        from wbart.refs.loading import load

        workspace = current().within(self._home.entity or None, self._home.project or None)
        return Artifact._of(load(workspace, name, type_ or None))


def has_any(files: Sequence[LogFile]) -> bool:
    """Whether there is any artifact in the logs. Raises ArgumentInvalid."""
    for file in files:
        with told(file.path):
            if any(body(record, _RECORDS) is not None for record in file.records()):
                return True
    return False


def _draft(record: ArtifactRecord) -> Artifact:
    """An empty draft; of any type, since those that W&B makes by itself come as they are."""
    draft = Artifact(
        record.name,
        "imported",
        record.description,
        record.metadata,
        digest_algorithm=record.algorithm,
    )
    draft._facts.type = record.type
    draft._facts.ttl = record.ttl
    return draft


def _lacking(record: ArtifactRecord) -> Iterator[str]:
    try:
        for row in record.rows():
            if row.local is not None and not os.path.isfile(row.local):
                yield row.local
    except ArgumentInvalid as error:
        yield str(error)
