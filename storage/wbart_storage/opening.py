"""From a URL to the store that keeps it. A local folder loads nothing of fsspec."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import partial
from urllib.parse import unquote, urlsplit

from wbart_storage.backends.local import LocalObjects
from wbart_storage.errors import StoreRefused
from wbart_storage.objects import ObjectStore
from wbart_storage.translate import translated


def open_objects(
    url: str, storage_options: Mapping[str, object] | None = None, *, durable: bool = True
) -> ObjectStore:
    """The object store at a path or URL; looks at nothing there, so it need not exist.

    storage_options go to the fsspec file system, over ours for patience and memory; durable is
    for local folders, see LocalObjects. Raises StoreRefused for a URL that no store can be
    made of, or that carries a secret.
    """
    if not url:
        raise StoreRefused("an empty path is no place for a store")
    scheme, separator, _ = url.partition("://")
    if "::" in url:
        first = scheme.partition("::")[0]
        raise StoreRefused(f"{first}: chained file systems cache or copy, and so break promises")
    if not separator:
        return LocalObjects(url, durable)
    if scheme in ("file", "local"):
        return LocalObjects(_local_path(url), durable)
    _check_remote(scheme, url)
    return _open_bucket(scheme, url, storage_options or {})


def _local_path(url: str) -> str:
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost") or not parts.path:
        raise StoreRefused(f"{url}: a file URL has three slashes and no host")
    path = unquote(parts.path)
    return path if os.path.isabs(path) else os.sep + path


def _check_remote(scheme: str, url: str) -> None:
    """Raise StoreRefused for a URL that must not be written down. Says nothing of the secret."""
    # To the last @: what is secret may hold slashes and question marks.
    user, at, _ = url.partition("://")[2].rpartition("@")
    shown = re.sub(r"[?#].*", "", re.sub(r"://.*@", "://", url, flags=re.DOTALL), flags=re.DOTALL)
    # abfss://container@account… is how Azure spells it; elsewhere a name may be before the @.
    if ":" in user or (at and scheme in ("s3", "s3a", "gs", "gcs")):
        raise StoreRefused(f"{shown}: a store's URL holds no credentials")
    if "?" in url or "#" in url:
        raise StoreRefused(f"{shown}: a store's URL ends without a query, signature or fragment")


def _open_bucket(scheme: str, url: str, options: Mapping[str, object]) -> ObjectStore:
    if "client" not in options:
        return _open_remote(scheme, url, options)
    from wbart_storage.fast.client import chosen, open_obstore

    by_obstore, rest = chosen(scheme, options)
    slow = partial(_open_remote, scheme, url, rest)
    return open_obstore(scheme, url, rest, slow) if by_obstore else slow()


def _open_remote(scheme: str, url: str, options: Mapping[str, object]) -> ObjectStore:
    # fsspec takes a tenth of a second to load: only who needs it pays.
    from fsspec import available_protocols, get_filesystem_class

    from wbart_storage.backends.connection import Connection
    from wbart_storage.backends.known_options import check_options
    from wbart_storage.backends.remote import FsspecObjects

    if scheme not in available_protocols():
        raise StoreRefused(f"{scheme}:// is no protocol that fsspec knows")
    with translated(f"{scheme}://"):
        kind = get_filesystem_class(scheme)
        check_options(scheme, kind, options)
        told = kind._get_kwargs_from_urls(url)
        return FsspecObjects(Connection(scheme, {**told, **options}), url)
