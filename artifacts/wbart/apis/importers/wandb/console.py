"""What a W&B run printed: `output.log`, put together from records where it is not there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final
from weakref import finalize

from wbart.apis.importers.wandb.logfile import LogFile
from wbart.apis.importers.wandb.message import Message, body, told
from wbart.apis.importers.wandb.runfolder import RunFolder

FILE: Final = "output.log"
_RECORDS: Final = {4: "output", 13: "output_raw"}
_LINE: Final = 3


class Console:
    """All that a run printed in its folders, as one file that lives as long as this object."""

    def __init__(self, found: Sequence[RunFolder]) -> None:
        self._found = found

    def path(self) -> Path | None:
        """Where it lies now; None when nothing was printed."""
        first = self._found[0].files / FILE
        if len(self._found) == 1 and first.is_file():
            return first
        folder = tempfile.mkdtemp(prefix="wbart-console-")
        finalize(self, shutil.rmtree, folder, ignore_errors=True)
        target = Path(folder, FILE)
        with target.open("wb") as output:
            for each in self._found:
                _write(each, output)
        return target if target.stat().st_size else None


def _write(folder: RunFolder, output: BinaryIO) -> None:
    there = folder.files / FILE
    if there.is_file():
        with there.open("rb") as file:
            shutil.copyfileobj(file, output)
        return
    log = LogFile(folder.log)
    with told(log.path):
        for record in log.records():
            found = body(record, _RECORDS)
            if found is not None:
                output.write(Message(found[1]).text(_LINE).encode())
