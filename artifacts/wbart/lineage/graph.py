"""The graph of a lineage: versions and runs, and what flowed from which to which."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["version", "link", "run"]
Tie = Literal["logged", "used", "linked", "copied", "drafted"]
Direction = Literal["up", "down", "both"]


@dataclass(frozen=True, slots=True)
class Node:
    """A version, a link to one, or a run."""

    key: str
    """Unique in the graph."""
    kind: Kind
    name: str
    """`entity/project/collection:v3`, or a run's path."""
    label: str
    """A version's type; what a run is called, and its kind of work."""
    state: str
    """A version: committed, deleted, expired, purged, elsewhere (in another store) or unknown.

    A run: its state, or deleted.
    """
    created_at: str | None = None
    """RFC 3339, UTC."""

    @property
    def alive(self) -> bool:
        """Whether it can be looked at still."""
        return self.state not in ("deleted", "expired", "purged", "elsewhere", "unknown")


@dataclass(frozen=True, slots=True, order=True)
class Flow:
    """A version out of a run (logged) or into one (used), or into another version."""

    source: str
    target: str
    tie: Tie


@dataclass
class Lineage:
    """What a version came from (up), what came of it (down), or both.

    It prints as text, and draws itself with `to_dot`, `to_mermaid`, `to_svg` and `to_html`.
    """

    start: str
    """The key of the node that was asked about."""
    direction: Direction
    nodes: dict[str, Node] = field(default_factory=dict)
    """By key, the nearest to the start first."""
    edges: list[Flow] = field(default_factory=list)
    cut: set[str] = field(default_factory=set)
    """Nodes at the greatest depth, behind which nobody looked."""

    @property
    def versions(self) -> list[Node]:
        """Its versions and links."""
        return [node for node in self.nodes.values() if node.kind != "run"]

    @property
    def runs(self) -> list[Node]:
        """Its runs."""
        return [node for node in self.nodes.values() if node.kind == "run"]

    def above(self, key: str) -> Iterator[tuple[Flow, Node]]:
        """What flowed directly into a node, in the order in which it was found."""
        return ((edge, self.nodes[edge.source]) for edge in self.edges if edge.target == key)

    def below(self, key: str) -> Iterator[tuple[Flow, Node]]:
        """What came directly of a node, in the order in which it was found."""
        return ((edge, self.nodes[edge.target]) for edge in self.edges if edge.source == key)

    def to_json(self) -> dict[str, object]:
        """Start, direction, nodes and edges as JSON has them."""
        return {
            "start": self.start,
            "direction": self.direction,
            "nodes": [
                {
                    "key": node.key,
                    "kind": node.kind,
                    "name": node.name,
                    "label": node.label,
                    "state": node.state,
                    "created_at": node.created_at,
                    "cut": node.key in self.cut,
                }
                for node in self.nodes.values()
            ],
            "edges": [
                {"source": edge.source, "target": edge.target, "tie": edge.tie}
                for edge in self.edges
            ],
        }

    def to_text(self) -> str:
        """As a tree for terminals; what comes twice is told once."""
        from wbart.lineage.text import text

        return text(self)

    def to_dot(self) -> str:
        """As a graph for Graphviz."""
        from wbart.lineage.text import dot

        return dot(self)

    def to_mermaid(self) -> str:
        """As a flowchart for Mermaid."""
        from wbart.lineage.text import mermaid

        return mermaid(self)

    def to_svg(self) -> str:
        """As a picture."""
        from wbart.lineage.picture import svg

        return svg(self)

    def to_html(self) -> str:
        """As one file for a browser that needs nothing else: the picture and a table."""
        from wbart.lineage.picture import html

        return html(self)

    def _repr_svg_(self) -> str:
        return self.to_svg()

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        return (
            f"<Lineage {self.direction} of {self.nodes[self.start].name}: "
            f"{len(self.nodes)} nodes, {len(self.edges)} edges>"
        )
