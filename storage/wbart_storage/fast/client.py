"""From a URL to a store that obstore reaches, and to fsspec's in the child of a fork.

obstore keeps its threads for the whole process; in the child of a fork they are gone, and each
call, of an old store or a new one, would wait for them for ever.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache, partial
from importlib import import_module
from typing import Any

from wbart_storage.errors import StoreRefused
from wbart_storage.fast import options as obstore_options
from wbart_storage.fast.byprocess import ByProcess
from wbart_storage.fast.options import Said, is_plain
from wbart_storage.objects import ObjectStore

CLIENT = "client"
"""The storage option that says which library speaks to a bucket."""
CLIENTS = ("fsspec", "obstore")

_KINDS: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], Said]]] = {
    "s3": ("S3Store", obstore_options.s3),
    "s3a": ("S3Store", obstore_options.s3),
    "gs": ("GCSStore", obstore_options.gcs),
    "gcs": ("GCSStore", obstore_options.gcs),
    "az": ("AzureStore", obstore_options.azure),
    "abfs": ("AzureStore", obstore_options.azure),
    "abfss": ("AzureStore", obstore_options.azure),
}
# One second try inside; the patience is `Retry`'s.
_RETRY = {
    "max_retries": 1,
    "retry_timeout": timedelta(seconds=30),
    "backoff": {"init_backoff": timedelta(seconds=0.1), "max_backoff": timedelta(seconds=1)},
}
# The read time-out counts from the start of a request, so a part has to be through within it.
_PATIENCE = {"connect_timeout": "5s", "read_timeout": "60s", "timeout": "15min"}
_ASKING = 5.0
_CHECKED: Mapping[str, Mapping[str, str]] = {"S3Store": {"checksum_algorithm": "SHA256"}}
"""Else nothing tells the service what it should have got. For the others there is no such word."""


class _Forks:
    """Whether this process is the child of a fork of one that had loaded obstore."""

    happened = False

    def note(self) -> None:
        self.happened = True


_forks = _Forks()
os.register_at_fork(after_in_child=_forks.note)


def chosen(scheme: str, options: Mapping[str, object]) -> tuple[bool, dict[str, object]]:
    """Whether obstore is to reach a URL of that scheme, and the options without that word.

    What obstore has no word for is fsspec's whatever is said. StoreRefused for another client.
    """
    left = dict(options)
    client = left.pop(CLIENT, None) or CLIENTS[0]
    if client not in CLIENTS:
        raise StoreRefused(f"no client {client!r}: it is one of {', '.join(CLIENTS)}")
    return client == "obstore" and scheme in _KINDS, left


def open_obstore(
    scheme: str, url: str, options: Mapping[str, Any], slow: Callable[[], ObjectStore]
) -> ObjectStore:
    """The store at the URL through obstore; slow opens it through fsspec, for the child of a fork.

    Raises StoreRefused when obstore is not installed, or has no word for an option.
    """
    try:
        stores = import_module("obstore.store")
    except ImportError as error:
        raise StoreRefused(
            "client 'obstore' is not installed: pip install 'wbart[fast]'"
        ) from error
    if _forks.happened:
        return slow()
    return ByProcess(_Maker(stores, scheme, url, options)(), slow)


class _Maker:
    def __init__(self, stores: Any, scheme: str, url: str, options: Mapping[str, Any]) -> None:
        self._stores = stores
        self._scheme = scheme
        self._url = url
        self._options = options

    def __call__(self) -> ObjectStore:
        from wbart_storage.fast.objects import ObstoreObjects

        bucket, root, told = place_of(self._scheme, self._url)
        name, said = _KINDS[self._scheme]
        config, credentials = said({**told, **self._options})
        endpoint = Said(config).endpoint
        store = getattr(self._stores, name)(
            bucket,
            prefix=root or None,
            config={**_CHECKED.get(name, {}), **config},
            client_options={**_PATIENCE, "allow_http": is_plain(endpoint)},
            retry_config=_RETRY,
            credential_provider=credentials,
        )
        shown = f"{self._scheme}://{bucket}/{root}".rstrip("/")
        keeps_folders = partial(_is_seaweedfs, endpoint)
        return ObstoreObjects(store, self._scheme, shown, keeps_folders, is_plain(endpoint))


@cache
def _is_seaweedfs(endpoint: str) -> bool:
    """Whether it says so in a header, which obstore keeps to itself."""
    if not endpoint:
        return False
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import urlopen

    try:
        with urlopen(endpoint, timeout=_ASKING) as answer:
            server = answer.headers.get("Server")
    except HTTPError as error:
        server = error.headers.get("Server")
        error.close()
    except (OSError, HTTPException):
        return False
    return str(server).startswith("SeaweedFS")


def place_of(scheme: str, url: str) -> tuple[str, str, dict[str, str]]:
    """The bucket of a URL, the root in it, and the options that the URL tells by itself."""
    bucket, _, root = url.partition("://")[2].partition("/")
    told: dict[str, str] = {}
    if "@" in bucket:  # abfss://container@account.dfs.core.windows.net
        bucket, _, host = bucket.partition("@")
        told["account_name"] = host.partition(".")[0]
    if not bucket:
        raise StoreRefused(f"{scheme}://{root} names no bucket")
    return bucket, root.strip("/"), told
