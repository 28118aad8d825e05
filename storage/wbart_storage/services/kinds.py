"""Which module speaks to which kind of backend, loaded when the first of its kind is used."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
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
        return cast(Service, _module(_MODULES[protocol]).SERVICE)
    from wbart_storage.services.filetree import FileTree

    return FileTree(protocol)


def parts_of(protocol: str, fs: Connected, root: str) -> Parts | None:
    """How the file system takes parts below root; None where it has no such thing."""
    if protocol not in _MODULES:
        return None
    return cast(Parts, _module(f"{_MODULES[protocol]}_parts").PARTS(fs, root))


def _module(name: str) -> ModuleType:
    return import_module(f"wbart_storage.services.{name}")
