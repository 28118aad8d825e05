"""Namespace: where imported runs go, as W&B's importers have it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from wbart.errors import ArgumentInvalid


@dataclass
class Namespace:
    """An entity and a project; an empty one is what the source, or else the workspace, says."""

    entity: str
    project: str

    @classmethod
    def from_path(cls, path: str) -> Self:
        """The namespace of `entity/project`. Raises ArgumentInvalid (a ValueError)."""
        entity, slash, project = path.partition("/")
        if not slash or not entity or not project or "/" in project:
            raise ArgumentInvalid(f"not a path of a project, ENTITY/PROJECT: {path!r}")
        return cls(entity, project)

    @property
    def path(self) -> str:
        """`entity/project`."""
        return f"{self.entity}/{self.project}"

    @property
    def send_manager_overrides(self) -> dict[str, str]:
        """The settings that it stands for: entity and project, those that are said."""
        said = {"entity": self.entity, "project": self.project}
        return {name: value for name, value in said.items() if value}
