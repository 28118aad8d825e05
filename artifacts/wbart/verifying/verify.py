"""Verify: a folder read in full and compared with a version's digests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wbart.errors import VerifyFailed, VerifyMissing
from wbart.folders.download import Selection, download
from wbart.folders.root import download_root
from wbart.folders.standing import side_by_side
from wbart.folders.writing import wanted, write
from wbart.references.fetch import fetch_references, reference_matches
from wbart.report import VerifyReport
from wbart.verifying.tally import Tally
from wbart_manifest.entry import Entry
from wbart_manifest.location import WHOLE
from wbart_storage.errors import BlobCorrupt, BlobMissing
from wbart_storage.files.folder_hash import FolderHash, Hashed
from wbart_storage.files.scan import Columns, scan_paths
from wbart_storage.objects import Files, ability
from wbart_storage.progress import Event, Progress, silent

if TYPE_CHECKING:
    from wbart.committed import Committed


def verify(
    at: Committed,
    root: str | os.PathLike[str] | None,
    *,
    repair: bool,
    raises: bool,
    progress: Progress,
) -> VerifyReport:
    """As `Artifact.verify`."""
    target = download_root(at) if root is None else os.path.abspath(root)
    if root is None and not os.path.isdir(target):
        download(at, None, Selection(), False, None, silent)
    tally = _compare(at, target, progress)
    if repair:
        _repair(at, target, tally)
    report = tally.report()
    if raises and not report.ok:
        kind = VerifyMissing if report.missing else VerifyFailed
        raise kind(report.first_fault(), report)
    return report


def _compare(at: Committed, root: str, progress: Progress) -> Tally:
    tally = Tally()
    workspace = at.workspace
    count = at.manifest.count
    hashing = FolderHash(root, workspace.store.algorithm, workspace.jobs, expected=count)
    for batch in hashing.run(_present(at, root, hashing.batch, tally)):
        odd = [
            index
            for index, (entry, digest) in enumerate(
                zip(batch.items, batch.found.digests, strict=True)
            )
            if digest != entry.digest or entry.reference is not None
        ]
        tally.checked += len(batch.items) - len(odd)
        tally.size += sum(batch.found.sizes) - sum(batch.found.sizes[index] for index in odd)
        for index in odd:
            _judge(at, root, batch.one(index), tally)
        progress(Event("verify", tally.checked, tally.size, at.manifest.count, at.manifest.size))
    return tally


def _present(at: Committed, root: str, batch: int, tally: Tally) -> Iterator[list[Entry]]:
    """The entries of which there is a file; what is missing or extra goes into the tally."""
    files = scan_paths(root, batch) if os.path.isdir(root) else iter(())
    columns = (Columns(paths, []) for paths in files)
    for entries, _, missing, extra in side_by_side(at.manifest.entries(), columns):
        tally.extra += extra
        for entry in missing:
            if entry.reference is not None and not reference_matches(entry, None):
                tally.unverified.append(entry.path)
            else:
                tally.missing.append(entry)
        if entries:
            yield entries


def _judge(at: Committed, root: str, found: Hashed[Entry], tally: Tally) -> None:
    entry = found.item
    if found.error is not None:
        tally.unreadable.append(entry)
        return
    tally.checked += 1
    tally.size += max(0, found.size)
    if entry.reference is not None:
        same = reference_matches(entry, f"{root}/{entry.path}")
        if same is None:
            tally.unverified.append(entry.path)
    else:
        same = found.digest == entry.digest or _is_linked(at, entry, f"{root}/{entry.path}")
    if same is False:
        tally.changed.append(entry)


def _is_linked(at: Committed, entry: Entry, path: str) -> bool:
    """Whether it is a link to the whole blob, as a download with `link="symlink"` makes it."""
    store, blob = at.workspace.store, wanted(entry)
    files = ability(store.objects, Files)
    if files is None or blob.location.kind != WHOLE or not os.path.islink(path):
        return False
    if os.readlink(path) != os.path.abspath(files.path(store.blobs.key(blob))):
        return False
    try:
        for _ in store.blobs.pieces(blob):
            pass
    except (BlobCorrupt, BlobMissing):
        return False
    return True


def _repair(at: Committed, root: str, tally: Tally) -> None:
    """Write anew what is missing or changed; what is extra is the user's and stays."""
    faulty = tally.faulty()
    write(at.workspace, root, (each for each in faulty if each.reference is None), None, silent)
    far = [each for each in faulty if each.reference is not None]
    if far:
        fetch_references(at.workspace, far, root, allow_missing=False)
    tally.repaired += [each.path for each in faulty]
