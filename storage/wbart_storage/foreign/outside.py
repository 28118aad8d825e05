"""From a URI to the foreign objects that it leads to, with the options that apply to it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from threading import Lock
from typing import Any

from wbart_storage.errors import Offline, ReferenceRefused
from wbart_storage.foreign.foreign import ForeignObjects
from wbart_storage.foreign.uri import Target, target
from wbart_storage.translate import translated

Options = Mapping[str, Mapping[str, object]]
"""By service (s3, gs, az) or the beginning of a URL; the longest that fits comes last and wins."""


class Outside:
    """Everything that references may lead to. Safe to share between threads; pickles.

    Options are those of the fsspec file system; without any, the surroundings' credentials count.
    private_addresses: whether URLs may lead to addresses that are not everybody's.
    offline: nothing is to be asked, so that there is only `target`.
    """

    def __init__(
        self,
        options: Options | None = None,
        *,
        private_addresses: bool = False,
        offline: bool = False,
    ) -> None:
        self._options = dict(options or {})
        self._private = private_addresses
        self._offline = offline
        self._lock = Lock()
        self._file_systems: dict[tuple[object, ...], Any] = {}

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (self._options, self._private, self._offline)

    def target(self, uri: str) -> Target | None:
        """Where the URI leads; None where nothing is known of its scheme.

        Options with `service = "az"` make Azure of a URL that does not look like it.
        """
        found = target(uri)
        if found is None or found.service != "http":
            return found
        for prefix in self._prefixes(uri):
            if self._options[prefix].get("service") == "az":
                home = prefix.rstrip("/")
                inner = target(f"az://{uri[len(home) + 1 :]}")
                assert inner is not None, "az is known"
                return replace(inner, base=f"{home}/{inner.bucket}")
        return found

    def at(self, where: Target) -> ForeignObjects:
        """The bucket of the target, or the web. Nothing is asked yet. May raise Offline."""
        if self._offline:
            raise Offline(f"offline, and not asked: {_shown(where)}")
        if where.service == "http":
            from wbart_storage.foreign.http import Web  # loads OpenSSL, which few need

            return Web(private=self._private)
        if where.service == "s3":
            from wbart_storage.foreign.s3 import S3Bucket

            return S3Bucket(self._file_system(where), where)
        if where.service == "gs":
            from wbart_storage.foreign.gs import GsBucket

            return GsBucket(self._file_system(where), where)
        if where.service == "az":
            from wbart_storage.foreign.azure import AzureContainer

            return AzureContainer(self._file_system(where), where)
        raise ReferenceRefused(f"{where.uri} is no reference that can be read")

    def _file_system(self, where: Target) -> Any:
        prefixes = tuple(self._prefixes(where.base))
        # A process that was forked needs connections of its own.
        key = (os.getpid(), where.service, where.account, prefixes)
        with self._lock:
            if key not in self._file_systems:
                with translated(where.base):
                    self._file_systems[key] = self._opened(where, prefixes)
            return self._file_systems[key]

    def _opened(self, where: Target, prefixes: tuple[str, ...]) -> Any:
        options: dict[str, object] = {}
        for name in (where.service, *prefixes):
            options.update(self._options.get(name, {}))
        options.pop("service", None)
        if where.service == "s3":
            from wbart_storage.foreign.s3 import open_s3

            return open_s3(options)
        if where.service == "gs":
            from wbart_storage.foreign.gs import open_gs

            return open_gs(options)
        from wbart_storage.foreign.azure import open_azure

        return open_azure(options, where.account)

    def _prefixes(self, uri: str) -> list[str]:
        """The URL beginnings among the options that fit, the shortest first."""
        return sorted(
            (
                prefix
                for prefix in self._options
                if "://" in prefix
                and (uri == prefix.rstrip("/") or uri.startswith(prefix.rstrip("/") + "/"))
            ),
            key=len,
        )


def _shown(where: Target) -> str:
    """Whom the target is asked of, without a user or anything else that may be a secret."""
    netloc = re.split(r"[/?#]", (where.base or where.key).partition("://")[2], maxsplit=1)[0]
    return f"{where.service}://{netloc.rpartition('@')[2]}"


def _restore(options: Options, private: bool, offline: bool) -> Outside:
    return Outside(options, private_addresses=private, offline=offline)
