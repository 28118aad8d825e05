"""References fetched: the very bytes that were recorded, or an error that says they are gone."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from msgspec.structs import replace

from wbart.errors import ArgumentInvalid, ArtifactNotFound, IntegrityError, ReferenceMissing
from wbart.references import ARTIFACT_SCHEME, local_path
from wbart.second import WandbDigests, wandb_digests
from wbart_manifest.canonical_json import decode_object
from wbart_manifest.digest import ALGORITHMS, Digest
from wbart_manifest.entry import Entry, Reference
from wbart_storage.disk import source_error
from wbart_storage.folder import Folder
from wbart_storage.progress import silent
from wbart_storage.pump import Pump

if TYPE_CHECKING:
    from wbart.artifact import Artifact
    from wbart.workspace import Workspace

log = logging.getLogger(__name__)


def fetch_reference(workspace: Workspace, entry: Entry, root: str, *, allow_missing: bool) -> None:
    """Write what the reference refers to below root, at the entry's path.

    Raises ReferenceMissing (a FileNotFoundError) when it is gone, IntegrityError when it is
    another by now, ArgumentInvalid for a scheme that cannot be read. allow_missing passes over
    the first.
    """
    assert entry.reference is not None, "only references are fetched here"
    scheme = urlsplit(entry.reference.uri).scheme
    try:
        if scheme == "file":
            _fetch_file(entry, entry.reference, root)
        elif scheme == ARTIFACT_SCHEME:
            _fetch_entry(workspace, entry, entry.reference, root)
        else:
            raise ArgumentInvalid(f"cannot download by this URI: {entry.reference.uri}")
    except ReferenceMissing:
        if not allow_missing:
            raise
        log.warning("reference is missing and passed over: %s", entry.reference.uri)


def reference_matches(entry: Entry, path: str | None) -> bool | None:
    """Whether a local file is what the reference recorded; None where nobody can tell.

    Without a path: whether there should be a file at all.
    """
    assert entry.reference is not None, "only references are compared here"
    scheme = urlsplit(entry.reference.uri).scheme
    if path is None:
        return scheme in ("file", ARTIFACT_SCHEME)
    if not _is_checked(entry.reference):
        return None
    with open(path, "rb") as file:
        return _digest(file.fileno(), entry.reference.digest) in (None, entry.reference.digest)


def find_target(workspace: Workspace, uri: str) -> tuple[Artifact, str]:
    """The artifact and the path that a `wandb-artifact://<id>/<path>` URI names."""
    parts = urlsplit(uri)
    path = unquote(parts.path.lstrip("/"))
    if parts.netloc in ("", "_id"):
        parts = parts._replace(netloc=path.partition("/")[0])
        path = path.partition("/")[2]
    if not path:
        raise ArgumentInvalid(f"a reference to an artifact names an entry of it: {uri!r}")
    from wbart.loading import load_by_id

    return load_by_id(workspace, parts.netloc), path


def _fetch_file(entry: Entry, reference: Reference, root: str) -> None:
    source = local_path(reference.uri)
    if os.path.isdir(source):
        _fetch_folder(entry, source, root)
        return
    try:
        fd = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise ReferenceMissing(f"reference is gone: {reference.uri}") from error
    except OSError as error:
        raise source_error(error, source) from error
    try:
        if not _is_checked(reference):
            log.warning("downloaded unverified, it has no checksum: %s", reference.uri)
        elif _digest(fd, reference.digest) not in (None, reference.digest):
            raise IntegrityError(f"Digest mismatch for {reference.uri}: it has changed")
        os.lseek(fd, 0, os.SEEK_SET)
        with Folder(root) as folder, folder.replacing(entry.path, direct=True) as target:
            _copy(fd, target)
    finally:
        os.close(fd)


def _fetch_folder(entry: Entry, source: str, root: str) -> None:
    """A folder that was added without checksums: listed now, and unverified."""
    from wbart_storage.scan import scan

    log.warning("downloaded unverified, it has no checksums: %s", source)
    for batch in scan(source, links="skip"):
        for found in batch:
            with (
                open(os.path.join(source, found.path), "rb") as file,
                Folder(root) as folder,
                folder.replacing(f"{entry.path}/{found.path}", direct=True) as target,
            ):
                _copy(file.fileno(), target)


def _fetch_entry(workspace: Workspace, entry: Entry, reference: Reference, root: str) -> None:
    from wbart.download import write
    from wbart.loading import load_by_id
    from wbart.reading import find_entry

    parts = urlsplit(reference.uri)
    hint = decode_object(reference.extra).get("artifact") if reference.extra else None
    try:
        artifact = load_by_id(workspace, parts.netloc, str(hint) if hint else None)
        target = find_entry(artifact, unquote(parts.path.lstrip("/")))
    except (ArtifactNotFound, KeyError) as error:
        raise ReferenceMissing(f"reference is gone: {reference.uri}") from error
    if target.reference is not None:
        fetch_reference(workspace, replace(target, path=entry.path), root, allow_missing=False)
        return
    write(workspace, root, [replace(target, path=entry.path)], None, silent)


def _is_checked(reference: Reference) -> bool:
    extra = decode_object(reference.extra) if reference.extra else {}
    return not (extra.get("unverified") or extra.get("folder"))


def _digest(fd: int, recorded: str) -> str | None:
    """The digest of fd in the form of the recorded one; None when that form is unknown."""
    algorithm = recorded.partition(":")[0]
    wandb: WandbDigests | None = None
    if algorithm not in ALGORITHMS:
        if len(recorded) != 24 or not recorded.endswith("=="):
            return None
        algorithm, wandb = "blake3", wandb_digests("MD5")
    also = wandb.second.hasher() if wandb is not None else None
    pump = Pump(algorithm)
    try:
        raw, _ = pump.digest(fd, also)
    finally:
        pump.close()
    if wandb is not None and also is not None:
        return wandb.shown(also.digest())
    return str(Digest(algorithm, raw))


def _copy(source: int, target: int) -> None:
    pump = Pump("blake3")
    try:
        pump.copy(source, target)
    finally:
        pump.close()
