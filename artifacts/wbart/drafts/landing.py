"""The landing of an artifact: what `wait` waits for, and what makes the draft a version."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING

from wbart.errors import UploadFailed, WaitTimeoutError

if TYPE_CHECKING:
    from wbart.committed import Committed


class Landing(Future[None]):
    """Becomes done when the upload has ended; the artifact changes when its owner asks.

    Until `result` is called the artifact stays the draft that it was, however fast the upload:
    what a script sees never hangs on timing. The background leaves in `committed` what it made.
    """

    def __init__(self, name: str, land: Callable[[Committed], None]) -> None:
        super().__init__()
        self.name = name
        self.committed: Committed | None = None
        self._land = land

    def result(self, timeout: float | None = None) -> None:
        """Wait, then let the artifact be what was committed. Raises UploadFailed, TimeoutError."""
        error = self.exception(timeout)
        if isinstance(error, Exception) and not isinstance(error, ValueError):
            raise UploadFailed(f"{self.name} was not logged: {error}", error) from error
        if error is not None:
            raise error
        if self.committed is not None:
            self._land(self.committed)

    def wait(self, timeout: float | None) -> None:
        """As `result`; WaitTimeoutError, in W&B's words, when it takes too long."""
        try:
            self.result(timeout)
        except TimeoutError:
            if self.done():
                raise
            raise WaitTimeoutError(
                f"Artifact upload wait timed out, failed to fetch Artifact response: {self.name}"
            ) from None
