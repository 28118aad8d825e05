"""One call of the command: what was said on the command line that is not one command's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

FORMATS: Final = ("auto", "human", "json", "jsonl", "quiet")
PROGRESS: Final = ("auto", "none", "plain", "json")


@dataclass(slots=True)
class Call:
    """The options that every command has. Filled while the command line is read."""

    overrides: dict[str, object] = field(default_factory=dict)
    """What goes before the environment: store, project, entity, jobs, offline."""
    format: str = "auto"
    progress: str = "auto"
    verbose: int = 0
    use_cache: bool = True
    dry_run: bool = False
    yes: bool = False

    @property
    def machine(self) -> bool:
        """Whether a program reads what we say."""
        return self.format in ("json", "jsonl")

    @property
    def quiet(self) -> bool:
        """Whether nothing but the bare result is wanted."""
        return self.format == "quiet"
