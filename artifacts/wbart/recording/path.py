"""Where a run lives: entity, project and the run's id."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from wbart import names
from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid


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


def parse(text: str, *, entity: str, project: str) -> RunPath:
    """The run that a text of W&B's names: `[[entity/]project/][runs/]id`, or `project:id`.

    What it leaves out is filled in. Raises ArgumentInvalid (a ValueError) and
    NameInvalid, and ArgumentTypeInvalid for what is no text.
    """
    if not isinstance(text, str):
        raise ArgumentTypeInvalid(f"a path of a run is text, not {type(text).__name__}")
    whole = text.strip(" /").replace("/runs/", "/").replace("/sweeps/", "/")
    parts = [unquote(part) for part in whole.replace(":", "/").split("/")]
    if len(parts) > 3 or not all(parts):
        raise ArgumentInvalid(f"not a path of a run: {text!r}")
    missing = [entity, project][: 3 - len(parts)]
    owner, home, run = [*missing, *parts]
    return RunPath(names.entity(owner), names.project(home), names.run_id(run))
