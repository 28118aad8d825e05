"""Where a run lives: entity, project and the run's id."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass

_LETTERS = string.ascii_lowercase + string.digits
_ID_LETTERS = 8


@dataclass(frozen=True, slots=True, order=True)
class RunPath:
    """The three names that address a run; as a text they are joined by slashes."""

    entity: str
    project: str
    id: str

    def __str__(self) -> str:
        return f"{self.entity}/{self.project}/{self.id}"

    def to_json(self) -> dict[str, str]:
        """The form in which records name a run."""
        return {"entity": self.entity, "project": self.project, "run": self.id}

    @classmethod
    def from_json(cls, value: dict[str, str]) -> RunPath:
        """Undo `to_json`; KeyError when a part is missing."""
        return cls(value["entity"], value["project"], value["run"])


def new_run_id() -> str:
    """Eight random letters and digits: fresh in any project that people work in."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_ID_LETTERS))
