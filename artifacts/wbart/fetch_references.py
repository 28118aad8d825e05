"""References fetched: the very bytes that were recorded, or an error that says they are gone."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from msgspec.structs import replace

from wbart.errors import ArgumentInvalid, ArtifactNotFound, IntegrityError, ReferenceMissing
from wbart.references import ARTIFACT_SCHEME, local_path
from wbart.second import wandb_digests
from wbart_manifest.canonical_json import decode_object
from wbart_manifest.digest import ALGORITHMS, Digest
from wbart_manifest.entry import Entry, Reference
from wbart_manifest.path import check
from wbart_manifest.wandb_digest import MD5
from wbart_storage.disk import source_error
from wbart_storage.folder import Folder
from wbart_storage.progress import silent
from wbart_storage.pump import Pump

if TYPE_CHECKING:
    from wbart.artifact import Artifact
    from wbart.workspace import Workspace

log = logging.getLogger(__name__)
DEFAULT = "blake3"
"""Taken beside W&B's digests, and where none is asked for."""


def fetch_reference(workspace: Workspace, entry: Entry, root: str, *, allow_missing: bool) -> None:
    """Write what the reference refers to below root, at the entry's path.

    Raises ReferenceMissing (a FileNotFoundError) when it is gone, IntegrityError when it is
    another by now, ArgumentInvalid for a scheme that cannot be read. allow_missing passes over
    the first and the last.
    """
    assert entry.reference is not None, "only references are fetched here"
    scheme = urlsplit(entry.reference.uri).scheme
    if _is_there(entry, os.path.join(root, entry.path)):
        return
    try:
        if scheme == "file":
            _fetch_file(entry, entry.reference, root)
        elif scheme == ARTIFACT_SCHEME:
            _fetch_entry(workspace, entry, entry.reference, root)
        elif not allow_missing:
            raise ArgumentInvalid(f"cannot download by this URI: {entry.reference.uri}")
        else:
            log.warning("reference is passed over: %s", entry.reference.uri)
    except ReferenceMissing:
        if not allow_missing:
            raise
        log.warning("reference is missing and passed over: %s", entry.reference.uri)


def _is_there(entry: Entry, path: str) -> bool:
    """Whether the file at path is what the reference recorded, for certain."""
    try:
        is_file = S_ISREG(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return is_file and reference_matches(entry, path) is True


def reference_matches(entry: Entry, path: str | None) -> bool | None:
    """Whether a local file is what the reference recorded; None where nobody can tell.

    Without a path: whether there should be a file at all.
    """
    assert entry.reference is not None, "only references are compared here"
    scheme = urlsplit(entry.reference.uri).scheme
    if path is None:
        return scheme in ("file", ARTIFACT_SCHEME)
    form = _form(entry.reference)
    if form is None:
        return None
    with Path(path).open("rb") as file:
        return _taken(file.fileno(), None, form) == entry.reference.digest


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
    extra = decode_object(reference.extra) if reference.extra else {}
    if extra.get("folder") and os.path.isdir(source):
        _fetch_folder(entry, source, root)
        return
    if not os.path.lexists(source):
        raise ReferenceMissing(f"reference is gone: {reference.uri}")
    if not os.path.isfile(source):
        raise IntegrityError(f"Digest mismatch for {reference.uri}: it is no file any more")
    form = _form(reference)
    if form is None:
        log.warning("downloaded unverified, it has no checksum: %s", reference.uri)
    with Folder(root) as folder, folder.replacing(entry.path, direct=True) as target:
        if _copied(source, target, form) != reference.digest and form is not None:
            raise IntegrityError(f"Digest mismatch for {reference.uri}: it has changed")


def _fetch_folder(entry: Entry, source: str, root: str) -> None:
    """A folder that was added without checksums: listed now, and unverified."""
    from wbart_storage.scan import scan

    log.warning("downloaded unverified, it has no checksums: %s", source)
    with Folder(root) as folder:
        for batch in scan(source, links="skip"):
            for found in batch:
                path = check(f"{entry.path}/{found.path}")
                with folder.replacing(path, direct=True) as target:
                    _copied(os.path.join(source, found.path), target, None)


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


def _form(reference: Reference) -> str | None:
    """How the digest was taken: an algorithm of ours or of W&B's; None where nobody can tell."""
    extra = decode_object(reference.extra) if reference.extra else {}
    if extra.get("unverified") or extra.get("folder"):
        return None
    algorithm = reference.digest.partition(":")[0]
    if algorithm in ALGORITHMS:
        return algorithm
    if len(reference.digest) != 24 or not reference.digest.endswith("=="):
        return None
    return str(extra.get("alg", MD5))


def _copied(source: str, target: int, form: str | None) -> str:
    """Copy the file to target; the digest of the copy in that form."""
    try:
        fd = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise source_error(error, source) from error
    try:
        return _taken(fd, target, form or DEFAULT)
    finally:
        os.close(fd)


def _taken(fd: int, target: int | None, form: str) -> str:
    """The digest of fd in that form, copied to target on the way."""
    wandb = None if form in ALGORITHMS else wandb_digests(form)
    also = wandb.second.hasher() if wandb is not None else None
    pump = Pump(DEFAULT if wandb is not None else form)
    try:
        raw, _ = pump.digest(fd, also) if target is None else pump.copy(fd, target, also)
    finally:
        pump.close()
    if wandb is not None and also is not None:
        return wandb.shown(also.digest())
    return str(Digest(form, raw))
