"""References to buckets and the web: what a service says of objects becomes entries."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial

from wbart.errors import ArgumentInvalid, ReferenceMissing
from wbart.references.references import reference
from wbart.references.scrub import scrub, storable
from wbart_manifest.entry import Entry
from wbart_manifest.path import canonical
from wbart_storage.around.patience import patiently
from wbart_storage.errors import ObjectMissing, StoreMissing
from wbart_storage.foreign.foreign import Foreign, ForeignObjects, Lists
from wbart_storage.foreign.listing import below
from wbart_storage.foreign.outside import Outside
from wbart_storage.foreign.uri import Target


def remote_entries(
    outside: Outside, where: Target, uri: str, name: str | None, *, checksum: bool, max_objects: int
) -> list[Entry]:
    """One entry for an object; one for each below a prefix, unless checksum is off.

    Raises ReferenceMissing when there is nothing, ArgumentInvalid for more than max_objects.
    """
    try:
        if where.service == "http":
            return [_page(outside, where, name, checksum)]
        if not checksum:
            # The URI alone counts, so nobody is asked. A version in it is kept and downloaded.
            path = canonical(name or where.key or where.bucket)
            return [reference(path, where.uri, _unseen(where.uri), None)]
        return _objects(outside, where, uri, name, max_objects)
    except (ObjectMissing, StoreMissing) as error:
        raise ReferenceMissing(f"nothing lies at {scrub(uri)}") from error


def _unseen(uri: str) -> str:
    """The URI, if it is safe to keep: nobody says whether what looks like a secret is the key."""
    if scrub(uri) != uri:
        raise ArgumentInvalid(f"without a checksum a key may be a secret: {scrub(uri)!r} and more")
    return uri


def _page(outside: Outside, where: Target, name: str | None, checksum: bool) -> Entry:
    url = scrub(where.key)
    path = canonical(name or os.path.basename(url) or _nameless(url))
    if not checksum:
        return reference(path, url, url, None)
    seen = _look(outside.at(where), where)
    extra = {"etag": seen.etag} if seen.etag else {}
    return reference(path, url, seen.tag or url, seen.size, extra)


def _objects(outside: Outside, where: Target, uri: str, name: str | None, most: int) -> list[Entry]:
    objects = outside.at(where)
    if where.key and not where.key.endswith("/"):
        try:
            seen = _look(objects, where)
            if not seen.is_folder:
                path = canonical(name or where.key.rpartition("/")[2])
                return [_entry(outside, where, path, seen)]
        except ObjectMissing:
            if where.version:
                raise
    if not isinstance(objects, Lists):
        raise ObjectMissing(where.uri)
    found = list(_below(outside, objects, where, name, most))
    if not found:
        raise ReferenceMissing(f"nothing lies at {scrub(uri)}, nor below it")
    return found


def _below(
    outside: Outside, objects: Lists, where: Target, name: str | None, most: int
) -> Iterator[Entry]:
    # A folder ends at its slash: `data` never means what lies below `data2`.
    prefix = where.key if not where.key or where.key.endswith("/") else where.key + "/"
    base = canonical(name) + "/" if name else ""
    for count, seen in enumerate(below(objects, prefix)):
        if count >= most:
            raise ArgumentInvalid(f"Exceeded {most} objects tracked below {where.of(prefix)}")
        yield _entry(outside, where, canonical(base + seen.name[len(prefix) :]), seen)


def _entry(outside: Outside, where: Target, path: str, seen: Foreign) -> Entry:
    extra = {"etag": seen.tag} if where.service != "gs" and seen.tag else {}
    if seen.version:
        extra["versionID"] = seen.version
    return reference(path, _uri(outside, where, seen), seen.tag or seen.uri, seen.size, extra)


def _uri(outside: Outside, where: Target, seen: Foreign) -> str:
    """The URI by which the object is found again; with its version if it would be misread."""
    for uri in (where.of(seen.name), where.at(seen.name, seen.version).uri):
        again = outside.target(storable(uri))
        if again is not None and again.key == seen.name and uri.removesuffix(again.pin) == seen.uri:
            return uri
    raise ArgumentInvalid(f"no URI can stand for this key: {seen.name!r}")


def _look(objects: ForeignObjects, where: Target) -> Foreign:
    return patiently(partial(objects.look, where.key, where.version), scrub(where.uri))


def _nameless(url: str) -> str:
    raise ArgumentInvalid(f"You must pass name, since this URL ends with none: {url!r}")
