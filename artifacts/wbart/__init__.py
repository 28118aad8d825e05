"""Versioned artifacts on storage that you own: the W&B artifact model without a server.

`import wbart as wandb` runs scripts written for W&B's artifacts. Names are loaded when they are
first used, so that importing costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wbart.api import Api
    from wbart.artifact import Artifact
    from wbart.errors import CommError, Error, UsageError, WaitTimeoutError
    from wbart.run import (
        Run,
        finish,
        init,
        link_artifact,
        link_model,
        log,
        log_artifact,
        log_model,
        use_artifact,
        use_model,
    )
    from wbart.settings import Settings
    from wbart.ttl import ArtifactTTL
    from wbart.version import VERSION as __version__

_HOMES = {
    "Api": "wbart.api",
    "Artifact": "wbart.artifact",
    "ArtifactTTL": "wbart.ttl",
    "CommError": "wbart.errors",
    "Error": "wbart.errors",
    "Run": "wbart.run",
    "Settings": "wbart.settings",
    "UsageError": "wbart.errors",
    "WaitTimeoutError": "wbart.errors",
    "finish": "wbart.run",
    "init": "wbart.run",
    "link_artifact": "wbart.run",
    "link_model": "wbart.run",
    "log": "wbart.run",
    "log_artifact": "wbart.run",
    "log_model": "wbart.run",
    "use_artifact": "wbart.run",
    "use_model": "wbart.run",
}
_ACTIVE = ("config", "run", "summary")
"""What the active run has, under W&B's names."""


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    if name == "__version__":
        return import_module("wbart.version").VERSION
    if name == "errors":
        return import_module("wbart.errors")
    if name in _ACTIVE:
        return getattr(import_module("wbart.run"), f"active_{name}")()
    raise AttributeError(f"module 'wbart' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *globals()})


__all__ = [
    "Api",
    "Artifact",
    "ArtifactTTL",
    "CommError",
    "Error",
    "Run",
    "Settings",
    "UsageError",
    "WaitTimeoutError",
    "__version__",
    "finish",
    "init",
    "link_artifact",
    "link_model",
    "log",
    "log_artifact",
    "log_model",
    "use_artifact",
    "use_model",
]
