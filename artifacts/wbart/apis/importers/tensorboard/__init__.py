"""TensorBoard's event files, read without TensorBoard, as runs."""

from __future__ import annotations

from wbart.apis.importers.tensorboard.logdir import LogDir
from wbart.apis.importers.tensorboard.syncing import sync
from wbart.apis.importers.tensorboard.tensorboardrun import TensorBoardRun

__all__ = ["LogDir", "TensorBoardRun", "sync"]
