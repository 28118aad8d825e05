"""What a verification found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """The paths that are not as they should be, of how many files and bytes that were read."""

    checked: int
    size: int
    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    repaired: tuple[str, ...] = ()
    unverified: tuple[str, ...] = ()
    """References without a digest that anybody could check."""

    @property
    def ok(self) -> bool:
        """Whether all is as it should be, perhaps only since it was repaired."""
        wrong = {*self.missing, *self.changed, *self.extra, *self.unreadable}
        return not wrong - set(self.repaired)

    def to_json(self) -> dict[str, object]:
        """The report as JSON values."""
        return {
            "ok": self.ok,
            "checked": self.checked,
            "size": self.size,
            "missing": list(self.missing),
            "changed": list(self.changed),
            "extra": list(self.extra),
            "unreadable": list(self.unreadable),
            "repaired": list(self.repaired),
            "unverified": list(self.unverified),
        }

    def first_fault(self) -> str:
        """One line that names the first thing that is wrong."""
        if self.missing:
            return f"Missing file: {self.missing[0]}"
        if self.changed:
            return f"Digest mismatch for file: {self.changed[0]}"
        if self.unreadable:
            return f"Cannot read file: {self.unreadable[0]}"
        if self.extra:
            return f"Found file {self.extra[0]} which is not a member of artifact"
        return "nothing is wrong"
