"""How a command ends early on purpose."""

from __future__ import annotations

from typing import Final

from wbart.cli import exit_codes

RESUMES: Final = "interrupted; the store is whole, and the next put resumes"


class Stop(Exception):
    """Ends the command with an exit code and one line; code is the word for machines."""

    def __init__(self, exit: int, code: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.exit = exit
        self.code = code
        self.hint = hint


class Interrupted(Stop):
    """Somebody pressed Ctrl-C."""

    def __init__(self, message: str = "interrupted") -> None:
        super().__init__(exit_codes.INTERRUPTED, "interrupted", message)


class Refused(Stop):
    """It might destroy something, and nobody confirmed it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(exit_codes.REFUSED, "refused", message, hint)


class PipeClosed(Exception):
    """Whoever read our results has seen enough; not an error."""
