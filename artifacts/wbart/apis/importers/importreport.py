"""ImportReport: what became of the runs of an import."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wbart.recording.path import RunPath


@dataclass(slots=True)
class ImportReport:
    """The runs by what became of them, each list in the order in which they were given."""

    imported: list[RunPath] = field(default_factory=list)
    """Those that were not there before."""
    updated: list[RunPath] = field(default_factory=list)
    """Those of which the source had more, or something else, to say."""
    unchanged: list[RunPath] = field(default_factory=list)
    """Those that were there as the source has them; nothing was written."""
    failed: list[tuple[str, Exception]] = field(default_factory=list)
    """Those of which nothing was imported, by id, and why."""
    damaged: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    """Those of which something could not be read, by id; the rest of them is there."""

    @property
    def complete(self) -> bool:
        """Whether everything is there now."""
        return not self.failed and not self.damaged

    @property
    def troubles(self) -> list[str]:
        """What is not there, a line for each."""
        lost = [f"run {id_} was not imported: {error}" for id_, error in self.failed]
        return lost + [f"run {id_}: {line}" for id_, lines in self.damaged for line in lines]
