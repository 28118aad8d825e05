"""From a URL to the store that keeps it. A local folder loads nothing of fsspec."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from wbart_storage.errors import StoreRefused
from wbart_storage.local import LocalObjects
from wbart_storage.objects import ObjectStore
from wbart_storage.translate import translated

_DEFAULTS: Mapping[str, Mapping[str, object]] = {
    # Bounded patience (25 attempts of 15 s otherwise), and room for our threads.
    "s3": {
        "config_kwargs": {
            "retries": {"total_max_attempts": 2, "mode": "standard"},
            "connect_timeout": 5,
            "read_timeout": 15,
            "max_pool_connections": 64,
        },
        # 10 parts of 50 MiB at once would cost 1 GiB of memory.
        "max_concurrency": 4,
    },
}


def open_objects(url: str, storage_options: Mapping[str, object] | None = None) -> ObjectStore:
    """The object store at a path or URL; looks at nothing there, so it need not exist.

    storage_options go to the fsspec file system as they are. Raises StoreRefused for a URL that
    no store can be made of.
    """
    if not url:
        raise StoreRefused("an empty path is no place for a store")
    if "::" in url:
        raise StoreRefused(f"{url}: chained file systems cache or copy, and so break promises")
    scheme, separator, _ = url.partition("://")
    if not separator:
        return LocalObjects(url)
    if scheme in ("file", "local"):
        return LocalObjects(_local_path(url))
    return _open_remote(scheme, url, storage_options or {})


def _local_path(url: str) -> str:
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost") or not parts.path:
        raise StoreRefused(f"{url}: a file URL has three slashes and no host")
    path = unquote(parts.path)
    return path if os.path.isabs(path) else os.sep + path


def _open_remote(scheme: str, url: str, options: Mapping[str, object]) -> ObjectStore:
    # fsspec takes a tenth of a second to load: only who needs it pays.
    from fsspec import available_protocols
    from fsspec.core import url_to_fs

    from wbart_storage.remote import FsspecObjects

    if scheme not in available_protocols():
        raise StoreRefused(f"{scheme}:// is no protocol that fsspec knows")
    defaults = _DEFAULTS.get("s3" if scheme == "s3a" else scheme, {})
    uncached = {"use_listings_cache": False, "skip_instance_cache": True}
    with translated(f"{scheme}://"):
        fs, root = url_to_fs(url, **{**defaults, **options, **uncached})
        return FsspecObjects(fs, root)
