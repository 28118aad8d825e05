"""References to buckets and the web fetched: the version that was recorded, no other."""

from __future__ import annotations

from functools import partial

from wbart.references.references import is_unverified
from wbart_manifest.canonical_json import decode_object
from wbart_manifest.entry import Entry, Reference
from wbart_manifest.path import check
from wbart_storage.around.patience import patiently
from wbart_storage.errors import ObjectMissing
from wbart_storage.files.folder import Folder
from wbart_storage.foreign.fetch import fetch
from wbart_storage.foreign.foreign import Foreign, ForeignObjects, Lists
from wbart_storage.foreign.listing import below
from wbart_storage.foreign.outside import Outside
from wbart_storage.foreign.uri import Target


def fetch_remote(outside: Outside, where: Target, entry: Entry, root: str) -> None:
    """Write the object below root, at the entry's path.

    Raises ObjectMissing when it is gone, ObjectChanged when another has its place.
    """
    assert entry.reference is not None, "only references are fetched here"
    objects = outside.at(where)
    seen = recorded(where, entry, entry.reference)
    if where.service != "http" and is_unverified(entry.reference):
        try:
            if not seen.name or seen.name.endswith("/"):
                raise ObjectMissing(where.uri)
            seen = patiently(partial(objects.look, seen.name, seen.version), where.uri)
        except ObjectMissing:
            if seen.version or not isinstance(objects, Lists):
                raise
            _fetch_folder(objects, seen.name, entry.path, root)
            return
    with Folder(root) as folder:
        _write(objects, seen, folder, entry.path)


def recorded(where: Target, entry: Entry, reference: Reference) -> Foreign:
    """What was seen of the object when it was added."""
    extra = decode_object(reference.extra) if reference.extra else {}
    version = str(extra.get("versionID") or where.version)
    version = "" if version in ("null", "None") else version
    etag = "" if is_unverified(reference) else str(extra.get("etag") or reference.digest)
    if where.service == "gs" and version:
        etag = ""  # it changes with the labels of an object, the generation with its bytes
    return Foreign(where.of(where.key), where.key, entry.size, etag, version)


def _fetch_folder(objects: ForeignObjects, name: str, path: str, root: str) -> None:
    """A prefix that was added without checksums: listed now."""
    assert isinstance(objects, Lists), "only buckets have folders"
    prefix = name if not name or name.endswith("/") else name + "/"
    count = 0
    with Folder(root) as folder:
        for seen in below(objects, prefix):
            target = check(f"{path}/{seen.name[len(prefix) :]}")
            _write(objects, seen, folder, target)
            count += 1
    if not count:
        raise ObjectMissing(name)


def _write(objects: ForeignObjects, seen: Foreign, folder: Folder, path: str) -> None:
    with folder.replacing(path, direct=False) as fd:
        fetch(objects, seen, fd)
