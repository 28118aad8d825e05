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
    from wbart.calls import (
        Run,
        finish,
        finish_artifact,
        init,
        link_artifact,
        link_model,
        log,
        log_artifact,
        log_code,
        log_model,
        save,
        upsert_artifact,
        use_artifact,
        use_model,
    )
    from wbart.copying.copy import copy
    from wbart.errors import CommError, Error, UsageError, WaitTimeoutError
    from wbart.histogram import Histogram
    from wbart.sweeps.agent import agent, sweep
    from wbart.ttl import ArtifactTTL
    from wbart.user_settings import UserSettings as Settings
    from wbart.version import VERSION as __version__

_HOMES = {
    "Api": "wbart.api",
    "Artifact": "wbart.artifact",
    "ArtifactTTL": "wbart.ttl",
    "Histogram": "wbart.histogram",
    "CommError": "wbart.errors",
    "Error": "wbart.errors",
    "Run": "wbart.calls",
    "Settings": "wbart.user_settings",
    "UsageError": "wbart.errors",
    "WaitTimeoutError": "wbart.errors",
    "agent": "wbart.sweeps.agent",
    "copy": "wbart.copying.copy",
    "finish": "wbart.calls",
    "finish_artifact": "wbart.calls",
    "init": "wbart.calls",
    "link_artifact": "wbart.calls",
    "link_model": "wbart.calls",
    "log": "wbart.calls",
    "log_artifact": "wbart.calls",
    "log_code": "wbart.calls",
    "log_model": "wbart.calls",
    "save": "wbart.calls",
    "sweep": "wbart.sweeps.agent",
    "upsert_artifact": "wbart.calls",
    "use_artifact": "wbart.calls",
    "use_model": "wbart.calls",
}
_NAMES = {"Settings": "UserSettings"}
_ACTIVE = ("config", "run", "summary")
"""What the active run has, under W&B's names."""


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), _NAMES.get(name, name))
        globals()[name] = value
        return value
    if name == "__version__":
        return import_module("wbart.version").VERSION
    if name in ("apis", "errors"):
        return import_module(f"wbart.{name}")
    if name in _ACTIVE:
        return getattr(import_module("wbart.calls"), f"active_{name}")()
    raise AttributeError(f"module 'wbart' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *globals()})


__all__ = [
    "Api",
    "Artifact",
    "ArtifactTTL",
    "CommError",
    "Error",
    "Histogram",
    "Run",
    "Settings",
    "UsageError",
    "WaitTimeoutError",
    "__version__",
    "agent",
    "copy",
    "finish",
    "finish_artifact",
    "init",
    "link_artifact",
    "link_model",
    "log",
    "log_artifact",
    "log_code",
    "log_model",
    "save",
    "sweep",
    "upsert_artifact",
    "use_artifact",
    "use_model",
]
