"""References fetched: the very bytes that were recorded, or an error that says they are gone."""

from __future__ import annotations

import logging
import os
import re
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from msgspec.structs import replace

from wbart.drafts.second import wandb_digests
from wbart.errors import ArgumentInvalid, ArtifactNotFound, ReferenceChanged, ReferenceMissing
from wbart.folders.writing import write
from wbart.references.fetch_remote import fetch_remote, recorded
from wbart.references.files import Roots, check_root, is_below, local_path, open_source, sources
from wbart.references.references import (
    ARTIFACT_SCHEME,
    FILE_SCHEME,
    is_unverified,
    scheme_of,
)
from wbart.references.scrub import scheme_in
from wbart.refs.loading import load_by_id
from wbart_manifest.canonical_json import decode_object
from wbart_manifest.digest import ALGORITHMS, Digest
from wbart_manifest.entry import Entry, Reference
from wbart_manifest.path import check
from wbart_manifest.wandb_digest import MD5, to_text
from wbart_storage.disk import disk_errors
from wbart_storage.errors import ObjectChanged, ObjectMissing, StoreMissing
from wbart_storage.files.folder import Folder
from wbart_storage.files.pump import Pump
from wbart_storage.foreign.fetch import PART
from wbart_storage.foreign.uri import target
from wbart_storage.progress import silent

if TYPE_CHECKING:
    from wbart.committed import Committed
    from wbart.workspace import Workspace

log = logging.getLogger(__name__)
DEFAULT = "blake3"
"""Taken beside W&B's digests, and where none is asked for."""
_MD5_HEX = re.compile(r"^[0-9a-f]{32}$")
_JOBS = 16
_WAITING = 1000
_HOPS = 10
"""How far a reference may lead from artifact to artifact; ours lead to the file at once."""


def fetch_references(
    workspace: Workspace, entries: Iterable[Entry], root: str, *, allow_missing: bool
) -> None:
    """Write what the references refer to below root, each at its entry's path.

    Raises ReferenceMissing (a FileNotFoundError) for what is gone, ReferenceChanged, which is
    an IntegrityError as well, for what is another by now, ArgumentInvalid for a scheme that cannot
    be read. allow_missing passes over all these. What has no checksum is told in one warning.
    """
    fetch = _Fetch(workspace, root, allow_missing)
    # The web and the disk wait most of the time, so there are more threads than processors.
    pool = ThreadPoolExecutor(workspace.settings.jobs or _JOBS, "wbart-reference")
    waiting: deque[Future[None]] = deque()
    alone: list[Entry] = []
    try:
        for entry in entries:
            if fetch.is_alone(entry):
                alone.append(entry)
                continue
            waiting.append(pool.submit(fetch.one, entry))
            if len(waiting) >= _WAITING:
                waiting.popleft().result()
        while waiting:
            waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
    for entry in alone:
        fetch.one(entry)
    fetch.warn()


def fetch_reference(workspace: Workspace, entry: Entry, root: str, *, allow_missing: bool) -> None:
    """As `fetch_references`, of one."""
    fetch = _Fetch(workspace, root, allow_missing)
    fetch.one(entry)
    fetch.warn()


class _Fetch:
    """Fetches references below one root, in several threads."""

    def __init__(
        self, workspace: Workspace, root: str, allow_missing: bool, hops: int = _HOPS
    ) -> None:
        self._hops = hops
        self._workspace = workspace
        self._root = root
        self._allow_missing = allow_missing
        self._unverified: list[str] = []

    def is_alone(self, entry: Entry) -> bool:
        """Whether it comes after the others: it fills all threads by itself, or lists the root."""
        scheme = scheme_in(_reference(entry).uri)
        if scheme == FILE_SCHEME:
            return _is_folder(_reference(entry)) and self._is_read_by(entry)
        return scheme == ARTIFACT_SCHEME or (entry.size or 0) > PART

    def _is_read_by(self, entry: Entry) -> bool:
        root = os.path.realpath(self._root)
        return any(is_below(root, source) for source in sources([entry]))

    def one(self, entry: Entry) -> None:
        reference = _reference(entry)
        if _is_there(entry, os.path.join(self._root, entry.path)):
            return
        try:
            self._fetch(entry, reference)
        except (ReferenceMissing, ArgumentInvalid) as error:
            if not self._allow_missing:
                raise
            log.warning("reference is passed over: %s", error)
            return
        if is_unverified(reference):
            self._unverified.append(reference.uri)

    def _fetch(self, entry: Entry, reference: Reference) -> None:
        scheme = scheme_of(reference.uri)
        if scheme == FILE_SCHEME:
            _fetch_file(entry, reference, self._root, self._workspace.settings.reference_roots)
            return
        if scheme == ARTIFACT_SCHEME:
            self._fetch_entry(entry, reference)
            return
        where = self._workspace.outside.target(reference.uri)
        if where is None:
            raise ArgumentInvalid(f"cannot download by this URI: {reference.uri}")
        try:
            fetch_remote(self._workspace.outside, where, entry, self._root)
        except ObjectChanged as error:
            raise ReferenceChanged(f"Digest mismatch for {error}", error) from error
        except (ObjectMissing, StoreMissing) as error:
            pinned = recorded(where, entry, reference).version
            which = f" in version {pinned}" if pinned and not where.version else ""
            raise ReferenceMissing(f"reference is gone: {reference.uri}{which}", error) from error

    def _fetch_entry(self, entry: Entry, reference: Reference) -> None:
        target = replace(_target(self._workspace, reference), path=entry.path)
        if target.reference is None:
            write(self._workspace, self._root, [target], None, silent)
            return
        if not self._hops:
            raise ReferenceMissing(f"references lead on and on, to no file: {reference.uri}")
        fetch = _Fetch(self._workspace, self._root, False, self._hops - 1)
        fetch.one(target)
        fetch.warn()

    def warn(self) -> None:
        """Say in one line what could not be checked."""
        if self._unverified:
            more = len(self._unverified) - 1
            and_more = f" and {more} more" if more else ""
            log.warning(
                "downloaded unverified, without a checksum: %s%s", self._unverified[0], and_more
            )


def _reference(entry: Entry) -> Reference:
    assert entry.reference is not None, "only references are fetched here"
    return entry.reference


def _is_there(entry: Entry, path: str) -> bool:
    """Whether the file at path is what the reference recorded, for certain."""
    with disk_errors(path):
        try:
            is_file = S_ISREG(os.lstat(path).st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return is_file and reference_matches(entry, path) is True


def reference_matches(entry: Entry, path: str | None) -> bool | None:
    """Whether a local file is what the reference recorded; None where nobody can tell.

    Without a path: whether there should be a file at all.
    """
    reference = _reference(entry)
    scheme = scheme_in(reference.uri)
    here = scheme in (FILE_SCHEME, ARTIFACT_SCHEME)
    if path is None:
        return here or (target(reference.uri) is not None and not is_unverified(reference))
    if not here and entry.size is not None and os.stat(path).st_size != entry.size:
        return False
    form = _form(reference, scheme)
    if form is None:
        return None
    with Path(path).open("rb") as file:
        same = _taken(file.fileno(), None, form) == _digest(reference, scheme)
    # Tags of S3 look like an MD5 and are none where a key of the customer's encrypts.
    return same if here or same else None


def find_target(workspace: Workspace, uri: str) -> tuple[Committed, str]:
    """The version and the path that a `wandb-artifact://<id>/<path>` URI names."""
    id, path = _named(uri)
    if not path:
        raise ArgumentInvalid(f"a reference to an artifact names an entry of it: {uri!r}")
    return load_by_id(workspace, id), path


def _named(uri: str) -> tuple[str, str]:
    try:
        parts = urlsplit(uri)
    except ValueError as error:
        raise ArgumentInvalid(f"not a URI: {uri!r}: {error}") from error
    path = unquote(parts.path.lstrip("/"))
    if parts.netloc not in ("", "_id"):
        return parts.netloc, path
    id, _, path = path.partition("/")
    return id, path


def _is_folder(reference: Reference) -> bool:
    return bool(reference.extra and decode_object(reference.extra).get("folder"))


def _fetch_file(entry: Entry, reference: Reference, root: str, roots: Roots) -> None:
    source = local_path(reference.uri)
    check_root(source, roots)
    if _is_folder(reference) and os.path.isdir(source):
        _fetch_folder(entry, source, root, roots)
        return
    if not os.path.lexists(source):
        raise ReferenceMissing(f"reference is gone: {reference.uri}")
    if not os.path.isfile(source):
        raise ReferenceChanged(f"Digest mismatch for {reference.uri}: it is no file any more")
    form = _form(reference, FILE_SCHEME)
    with Folder(root) as folder, folder.replacing(entry.path, direct=True) as target:
        if _copied(source, target, form, roots) != reference.digest and form is not None:
            raise ReferenceChanged(f"Digest mismatch for {reference.uri}: it has changed")


def _fetch_folder(entry: Entry, source: str, root: str, roots: Roots) -> None:
    """A folder that was added without checksums: listed now, and unverified."""
    from wbart_storage.files.scan import scan

    # All are listed before one is written, which may be below the source.
    paths = [found.path for batch in scan(source, links="files") for found in batch]
    with Folder(root) as folder:
        for path in paths:
            with folder.replacing(check(f"{entry.path}/{path}"), direct=True) as target:
                _copied(os.path.join(source, path), target, None, roots)


def _target(workspace: Workspace, reference: Reference) -> Entry:
    id, path = _named(reference.uri)
    hint = decode_object(reference.extra).get("artifact") if reference.extra else None
    try:
        return load_by_id(workspace, id, str(hint) if hint else None).entry(path)
    except (ArtifactNotFound, KeyError) as error:
        raise ReferenceMissing(f"reference is gone: {reference.uri}") from error


def _form(reference: Reference, scheme: str) -> str | None:
    """How the digest was taken: an algorithm of ours or of W&B's; None where nobody can tell."""
    extra = decode_object(reference.extra) if reference.extra else {}
    if is_unverified(reference):
        return None
    if scheme not in (FILE_SCHEME, ARTIFACT_SCHEME):
        return MD5 if scheme in ("s3", "s3a") and _MD5_HEX.match(reference.digest) else None
    algorithm = reference.digest.partition(":")[0]
    if algorithm in ALGORITHMS:
        return algorithm
    if len(reference.digest) != 24 or not reference.digest.endswith("=="):
        return None
    return str(extra.get("alg", MD5))


def _digest(reference: Reference, scheme: str) -> str:
    """The digest in the form of `_taken`."""
    if scheme in (FILE_SCHEME, ARTIFACT_SCHEME):
        return reference.digest
    return to_text(bytes.fromhex(reference.digest))


def _copied(source: str, target: int, form: str | None, roots: Roots) -> str:
    """Copy the file to target; the digest of the copy in that form."""
    fd = open_source(source, roots)
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
