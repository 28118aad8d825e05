"""`Artifact.add` and `Artifact.get`: objects by their names in an artifact."""

from __future__ import annotations

import json
import logging
import os
from contextlib import nullcontext
from hashlib import md5
from typing import TYPE_CHECKING, Any

from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid, Error, PathNotFound
from wbart.media.artifactholder import ArtifactHolder, reference_to, shown
from wbart.media.artifactsource import ArtifactSource
from wbart.media.shelf import Pending, shelf
from wbart.media.value import ADDABLE, ADDABLE_NAMES, Origin, WBValue, by_log_type
from wbart.references.references import ARTIFACT_SCHEME, scheme_of
from wbart_manifest.path import canonical

if TYPE_CHECKING:
    from wbart.members.artifactstate import ArtifactState
    from wbart_manifest.entry import Entry

log = logging.getLogger(__name__)

_RENAMED = "media/tables"
"""W&B names what is added below it by its content."""
_MADE_OF_OTHERS = ("joined-table", "table")


def put(artifact: ArtifactState, value: object, name: str, *, overwrite: bool) -> Entry:
    """As `Artifact.add`; all of the object's files are put in, or none."""
    if not isinstance(value, WBValue) or value._log_type not in ADDABLE:
        kind = f"{type(value).__module__}.{type(value).__qualname__}"
        raise ArgumentTypeInvalid(f"Found object of type {kind}, expected one of: {ADDABLE_NAMES}")
    path = value.with_suffix(canonical(name))
    content = artifact._filling
    known = shelf(artifact).added.get(id(value))
    first = content.get(known[1]) if known is not None else None
    if first is not None and not (overwrite and first.path == path):
        return first
    holder, home = ArtifactHolder(artifact), _home(artifact, value)
    if home is not None and holder.reaches(home[0]):
        here = _renamed(path, shown(*home).digest.encode())
        return holder.refer_to(*home, here, value, overwrite=overwrite)
    held = content.get(path)
    if held is not None and not overwrite:
        log.warning("%s is in the artifact already and stays as it is: pass overwrite=True", path)
        return held
    whole = value._log_type in _MADE_OF_OTHERS
    with content.draft.whole_or_not() if whole else nullcontext():
        entry = _write(artifact, value, path, overwrite)
    shelf(artifact).added[id(value)] = value, entry.path
    if value._target is None:
        value._target = Origin(shelf(artifact).source, entry.path)
    return entry


def get(artifact: ArtifactState, name: str) -> WBValue | None:
    """As `Artifact.get`."""
    source = shelf(artifact).source
    found = find(source, name)
    if found is None:
        return None
    kind, entry = found
    if entry.reference is not None:
        pending = shelf(artifact).pending.get(entry.path)
        if pending is not None and pending.uri == entry.reference.uri:
            return get(pending.artifact, pending.path)
        if scheme_of(entry.reference.uri) == ARTIFACT_SCHEME:
            return _get_there(source, entry.reference.uri)
    value = _read(kind, source, entry.path)
    value._origin = Origin(source, entry.path)
    return value


def find(source: ArtifactSource, name: str) -> tuple[type[WBValue], Entry] | None:
    """The class and the entry of the object that is meant by a name."""
    for log_type in ADDABLE:
        suffix = f"{log_type}.json"
        entry = source.find(name if name.endswith(suffix) else f"{name}.{suffix}")
        if entry is not None:
            kind = by_log_type(log_type)
            assert kind is not None, "what can be added has a class"
            return kind, entry
    return None


def entry_of(artifact: ArtifactState, name: str | os.PathLike[str]) -> Entry:
    """The entry of a path of a version, or of the object of that name. Raises PathNotFound."""
    at = artifact._at("get_entry")
    try:
        return at.entry(name)
    except PathNotFound:
        found = find(shelf(artifact).source, os.fspath(name))
        if found is None:
            raise
        return found[1]


def uri_of(value: WBValue) -> str | None:
    """The URI of an object that is kept in a committed version; None of any other."""
    for home in (value._origin, value._target):
        if home is not None and home.name is not None and isinstance(home.source, ArtifactSource):
            at = home.source.artifact._committed
            if at is not None:
                return at.entry_url(home.name)
    return None


def settle(artifact: ArtifactState) -> None:
    """Let each reference to what was a draft lead to its version, before the artifact is logged.

    Waits for what is being logged. What was not logged at all is put in as a copy.
    """
    if artifact._shelf is None or not artifact._shelf.pending:
        return
    content, pending = artifact._filling, artifact._shelf.pending
    for here, each in list(pending.items()):
        held = content.get(here)
        if held is not None and held.reference is not None and held.reference.uri == each.uri:
            content.put(_settled(artifact, here, each), overwrite=True)
        del pending[here]


def _settled(artifact: ArtifactState, here: str, pending: Pending) -> Entry:
    from wbart.drafts.entry import shown_entry

    other = pending.artifact
    at = other._committed
    if at is None and other._landing is not None and other._landing.exception() is None:
        at = other._landing.committed
    if at is not None:
        there = at.entry(pending.path)
        return reference_to(at, shown_entry(there, at.manifest.algorithm, None), here)
    if pending.value is not None:
        data = dumps(pending.value.to_json(ArtifactHolder(artifact)))
    else:
        data = shelf(other).source.read(pending.path)
    return artifact._filling.add_data(data, here, overwrite=True)


def _write(artifact: ArtifactState, value: WBValue, path: str, overwrite: bool) -> Entry:
    data = dumps(value.to_json(ArtifactHolder(artifact)))
    return artifact._filling.add_data(data, _renamed(path, data), overwrite=overwrite)


def _renamed(path: str, data: bytes) -> str:
    """W&B's name for what is added to a folder of its own: by the content."""
    if not path.startswith(_RENAMED):
        return path
    folder, _, base = path.rpartition("/")
    digits = md5(data, usedforsecurity=False).hexdigest()[:20]
    return f"{folder}/{digits}.{base.partition('.')[2]}"


def dumps(json_obj: dict[str, Any]) -> bytes:
    """The bytes of W&B's JSON files: keys sorted, what is not ASCII escaped."""
    try:
        return json.dumps(json_obj, sort_keys=True).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ArgumentTypeInvalid(f"an object has no form in JSON: {error}") from error


def _home(artifact: ArtifactState, value: WBValue) -> tuple[ArtifactState, str] | None:
    """The other artifact in which the object lies already, and its path there."""
    for home in (value._origin, value._target):
        if home is None or home.name is None or not isinstance(home.source, ArtifactSource):
            continue
        other = home.source.artifact
        if other is not artifact and home.source.find(home.name) is not None:
            return other, home.name
    return None


def _get_there(source: ArtifactSource, uri: str) -> WBValue | None:
    from wbart.artifact import Artifact
    from wbart.references.fetch import find_target

    at, path = find_target(source._workspace, uri)
    return get(Artifact._of(at), path)


def _read(kind: type[WBValue], source: ArtifactSource, path: str) -> WBValue:
    try:
        return kind.from_json(json.loads(source.read(path)), source)
    except Error:
        raise
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ArgumentInvalid(f"{path} is no {kind._log_type} in W&B's form: {error!r}") from error
