"""The landing of an artifact: what `wait` waits for, and what makes the draft a version."""

from __future__ import annotations

import copy
from concurrent.futures import Future
from typing import TYPE_CHECKING

from wbart.errors import UploadFailed

if TYPE_CHECKING:
    from wbart.artifact import Artifact


class Landing(Future[None]):
    """Becomes done when the upload has ended; the artifact changes when its owner asks.

    Until `result` is called the artifact stays the draft that it was, however fast the upload:
    what a script sees never hangs on timing. The background works on a twin.
    """

    def __init__(self, artifact: Artifact) -> None:
        super().__init__()
        self.artifact = artifact
        self.twin = copy.copy(artifact)

    def result(self, timeout: float | None = None) -> None:
        """Wait, then let the artifact be what was committed. Raises UploadFailed, TimeoutError."""
        error = self.exception(timeout)
        if isinstance(error, Exception) and not isinstance(error, ValueError):
            raise UploadFailed(f"{self.artifact.name} was not logged: {error}", error) from error
        if error is not None:
            raise error
        if self.twin._committed is not None and self.artifact._committed is None:
            self.artifact._become(self.twin._committed)
