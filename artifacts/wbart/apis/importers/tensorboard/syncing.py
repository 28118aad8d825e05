"""Bringing a folder of event files into a store: what `sync_tensorboard` and `import tb` do."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from wbart.apis.importers.importing import import_runs
from wbart.apis.importers.namespace import Namespace
from wbart.apis.importers.tensorboard.logdir import LogDir
from wbart.apis.importers.tensorboard.tensorboardrun import TensorBoardRun
from wbart_storage.progress import Progress, silent

if TYPE_CHECKING:
    from wbart.apis.importers.importreport import ImportReport
    from wbart.workspace import Workspace


def sync(
    workspace: Workspace,
    folder: LogDir,
    *,
    run_id: str | None = None,
    project: str | None = None,
    entity: str | None = None,
    progress: Progress = silent,
) -> ImportReport:
    """Make one run of all event files of a folder, or bring it up to date.

    The report has that one run: nothing is imported twice, and what could not be read is told.
    """
    with tempfile.TemporaryDirectory(prefix="wbart-tensorboard-") as scratch:
        run = TensorBoardRun(folder, Path(scratch), run_id)
        space = Namespace(entity or "", project or "")
        return import_runs(workspace, [run], namespace=space, parallel=False, progress=progress)
