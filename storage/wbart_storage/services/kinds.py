"""Which module speaks to which kind of backend, loaded when the first of its kind is used."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import cast

from wbart_storage.objects import Parts
from wbart_storage.services.service import Connected, Service

_MODULES: Mapping[str, str] = {
    "s3": "s3",
    "s3a": "s3",
    "gs": "gcs",
    "gcs": "gcs",
    "az": "azure",
    "abfs": "azure",
    "abfss": "azure",
}
BUCKETS = frozenset(_MODULES)
"""Protocols whose create is one conditional request, and which list by prefix."""


def service_of(protocol: str) -> Service:
    """The Service of a protocol."""
    if protocol in _MODULES:
        module = import_module(f"wbart_storage.services.{_MODULES[protocol]}")
        return cast(Service, module.SERVICE)
    from wbart_storage.services.filetree import FileTree

    return FileTree(protocol)


def parts_of(protocol: str, fs: Connected, root: str) -> Parts | None:
    """How the file system takes parts below root; None where it has no such thing."""
    if protocol in ("s3", "s3a"):
        from wbart_storage.services.s3_parts import S3Parts

        return S3Parts(fs, root)
    if protocol in ("gs", "gcs"):
        from wbart_storage.services.gcs_parts import GcsParts

        return GcsParts(fs, root)
    if protocol in ("az", "abfs", "abfss"):
        from wbart_storage.services.azure_parts import AzureParts

        return AzureParts(fs, root)
    return None
