"""What a verification has found so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from wbart.report import VerifyReport
from wbart_manifest.entry import Entry


@dataclass(slots=True)
class Tally:
    """Counts, and the entries that are not as they should be."""

    checked: int = 0
    size: int = 0
    missing: list[Entry] = field(default_factory=list)
    changed: list[Entry] = field(default_factory=list)
    unreadable: list[Entry] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    unverified: list[str] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)

    def faulty(self) -> list[Entry]:
        """The entries whose bytes are wanted anew, sorted by path."""
        return sorted((*self.missing, *self.changed, *self.unreadable), key=lambda one: one.path)

    def report(self) -> VerifyReport:
        """The findings as a value."""
        return VerifyReport(
            self.checked,
            self.size,
            tuple(entry.path for entry in self.missing),
            tuple(entry.path for entry in self.changed),
            tuple(self.extra),
            tuple(entry.path for entry in self.unreadable),
            tuple(self.repaired),
            tuple(self.unverified),
        )
