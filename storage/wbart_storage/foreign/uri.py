"""What a URI of a foreign object means: the service, the bucket, the key, the version pinned.

Keys are taken as they stand, percent signs included, as W&B does; the web's URLs are not split.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from wbart_storage.errors import KeyInvalid

_AZURE_HOST = re.compile(r"(?i)^([a-z0-9-]+)\.(?:blob|dfs)\.core\.windows\.net$")
_PIN = re.compile(r"(?i)\?versionid=([^&?#]+)$")
_GENERATION = re.compile(r"#([0-9]+)$")
_SERVICES = {
    "s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs", "az": "az", "abfs": "az", "abfss": "az",
    "http": "http", "https": "http",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URI leads."""

    service: str
    """s3, gs, az or http."""
    base: str
    """The URI up to the key: `s3://bucket`; empty on the web."""
    bucket: str
    """Bucket or container; empty on the web."""
    key: str
    """On the web, the whole URL."""
    version: str = ""
    account: str = ""
    """Of Azure; empty where the options name it."""

    @property
    def uri(self) -> str:
        """The URI with its version, if it has one."""
        return self.of(self.key) + self.pin

    @property
    def pin(self) -> str:
        """What the URI says of the version."""
        if not self.version:
            return ""
        return f"#{self.version}" if self.service == "gs" else f"?versionId={self.version}"

    def of(self, key: str) -> str:
        """The URI of a key of the same bucket, without a version."""
        return f"{self.base}/{key}" if self.base else key

    def at(self, key: str, version: str = "") -> Target:
        """Another key of the same bucket."""
        return replace(self, key=key, version=version)


def target(uri: str) -> Target | None:
    """Where the URI leads; None for a service that nothing is known of.

    Raises KeyInvalid when it names no bucket.
    """
    scheme, separator, rest = uri.partition("://")
    service = _SERVICES.get(scheme.lower())
    if service is None or not separator:
        return None
    if service == "http":
        return _blob(scheme, rest) or Target("http", "", "", uri)
    if service == "gs":
        path, version = _pinned(rest, _GENERATION)
    else:
        path, version = _pinned(rest, _PIN)
    bucket, _, key = path.partition("/")
    if "@" in bucket and service == "az":
        return _data_lake(scheme, bucket, key, version)
    if not bucket:
        raise KeyInvalid(uri)
    return Target(service, f"{scheme}://{bucket}", bucket, key, version)


def _blob(scheme: str, rest: str) -> Target | None:
    """`https://<account>.blob.core.windows.net/<container>/<blob>`."""
    host, _, path = rest.partition("/")
    match = _AZURE_HOST.match(host)
    path, version = _pinned(path, _PIN)
    if match is None or not path.strip("/"):
        return None
    container, _, key = path.partition("/")
    base = f"{scheme}://{host}/{container}"
    return Target("az", base, container, key, version, match[1].lower())


def _data_lake(scheme: str, netloc: str, key: str, version: str) -> Target:
    """`abfss://<container>@<account>.dfs.core.windows.net/<blob>`."""
    container, _, host = netloc.partition("@")
    match = _AZURE_HOST.match(host)
    if match is None or not container:
        raise KeyInvalid(f"{scheme}://{host}/{key}")
    return Target("az", f"{scheme}://{netloc}", container, key, version, match[1].lower())


def _pinned(path: str, pattern: re.Pattern[str]) -> tuple[str, str]:
    found = pattern.search(path)
    return (path[: found.start()], found[1]) if found is not None else (path, "")
