"""Where a version stands: its collection, and its number there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """The coordinates of one version, or membership, of a collection."""

    entity: str
    project: str
    collection: str
    number: int

    @property
    def version(self) -> str:
        """`v3`."""
        return f"v{self.number}"

    @property
    def name(self) -> str:
        """`collection:v3`."""
        return f"{self.collection}:{self.version}"

    @property
    def qualified_name(self) -> str:
        """`entity/project/collection:v3`."""
        return f"{self.entity}/{self.project}/{self.name}"

    @property
    def home(self) -> tuple[str, str, str]:
        """The collection alone."""
        return self.entity, self.project, self.collection
