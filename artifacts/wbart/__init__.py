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
        login,
        save,
        upsert_artifact,
        use_artifact,
        use_model,
    )
    from wbart.copying.copy import copy
    from wbart.errors import CommError, Error, UsageError, WaitTimeoutError
    from wbart.media.audio import Audio
    from wbart.media.bokeh import Bokeh
    from wbart.media.boundingboxes import BoundingBoxes2D
    from wbart.media.box3d import box3d
    from wbart.media.classes import Classes
    from wbart.media.histogram import Histogram
    from wbart.media.html import Html
    from wbart.media.image import Image
    from wbart.media.imagemask import ImageMask
    from wbart.media.joinedtable import JoinedTable
    from wbart.media.molecule import Molecule
    from wbart.media.object3d import Object3D
    from wbart.media.partitionedtable import PartitionedTable
    from wbart.media.plotly import Plotly
    from wbart.media.table import Table
    from wbart.media.video import Video
    from wbart.settings.user import UserSettings as Settings
    from wbart.sweeps.agent import agent, sweep
    from wbart.ttl import ArtifactTTL
    from wbart.version import VERSION as __version__

_HOMES = {
    "Api": "wbart.api",
    "Artifact": "wbart.artifact",
    "ArtifactTTL": "wbart.ttl",
    "Audio": "wbart.media.audio",
    "Bokeh": "wbart.media.bokeh",
    "BoundingBoxes2D": "wbart.media.boundingboxes",
    "Classes": "wbart.media.classes",
    "Histogram": "wbart.media.histogram",
    "Html": "wbart.media.html",
    "Image": "wbart.media.image",
    "ImageMask": "wbart.media.imagemask",
    "JoinedTable": "wbart.media.joinedtable",
    "Molecule": "wbart.media.molecule",
    "Object3D": "wbart.media.object3d",
    "PartitionedTable": "wbart.media.partitionedtable",
    "Plotly": "wbart.media.plotly",
    "Table": "wbart.media.table",
    "Video": "wbart.media.video",
    "box3d": "wbart.media.box3d",
    "CommError": "wbart.errors",
    "Error": "wbart.errors",
    "Run": "wbart.calls",
    "Settings": "wbart.settings.user",
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
    "login": "wbart.calls",
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
    if name in ("apis", "data_types", "errors"):
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
    "Audio",
    "Bokeh",
    "BoundingBoxes2D",
    "Classes",
    "CommError",
    "Error",
    "Histogram",
    "Html",
    "Image",
    "ImageMask",
    "JoinedTable",
    "Molecule",
    "Object3D",
    "PartitionedTable",
    "Plotly",
    "Run",
    "Settings",
    "Table",
    "UsageError",
    "Video",
    "WaitTimeoutError",
    "__version__",
    "agent",
    "box3d",
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
    "login",
    "save",
    "sweep",
    "upsert_artifact",
    "use_artifact",
    "use_model",
]
