"""A lineage as text: a tree, a graph for Graphviz, a flowchart for Mermaid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import count

from wbart.lineage.graph import Flow, Lineage, Node

_UP = {
    "logged": "logged by",
    "used": "used",
    "linked": "link to",
    "copied": "copy of",
    "drafted": "drafted from",
}
_DOWN = {
    "logged": "logged",
    "used": "used by",
    "linked": "linked as",
    "copied": "copied as",
    "drafted": "draft for",
}


def text(lineage: Lineage) -> str:
    """A tree; a node that comes again is marked, and not followed twice."""
    start = lineage.nodes[lineage.start]
    ways = {"up": (True,), "down": (False,), "both": (True, False)}[lineage.direction]
    parts = []
    for up in ways:
        head = ["came from:" if up else "led to:"] if len(ways) > 1 else []
        tree = list(_tree(lineage, _sides(lineage, up), up))
        parts += [*head, *(tree or (["nothing"] if head else []))]
    return "\n".join([described(start), *parts])


def described(node: Node) -> str:
    """A node in one line: what it is, its name, its kind, and what is odd about it."""
    run = "run " if node.kind == "run" else ""
    label = f" ({node.label})" if node.label else ""
    plain = node.state in ("committed", "finished")
    return f"{run}{node.name}{label}" + ("" if plain else f" [{node.state}]")


_Sides = Mapping[str, Sequence[tuple[Flow, Node]]]


def _sides(lineage: Lineage, up: bool) -> _Sides:
    """What is next to each node, one way."""
    found: dict[str, list[tuple[Flow, Node]]] = defaultdict(list)
    for edge in lineage.edges:
        here, there = (edge.target, edge.source) if up else (edge.source, edge.target)
        found[here].append((edge, lineage.nodes[there]))
    return found


def _tree(lineage: Lineage, sides: _Sides, up: bool) -> Iterator[str]:
    """The lines below the start, by a stack of our own: lineages may be deeper than Python's."""
    told = {lineage.start}
    stack = [_children(sides, lineage.start, "")]
    while stack:
        entry = next(stack[-1], None)
        if entry is None:
            stack.pop()
            continue
        flow, node, mark, indent = entry
        verb = (_UP if up else _DOWN)[flow.tie]
        line = f"{mark}{verb} {described(node)}"
        if node.key in told:
            yield line + (" (see above)" if node.key in sides else "")
            continue
        told.add(node.key)
        yield line + (" …" if node.key in lineage.cut else "")
        stack.append(_children(sides, node.key, indent))


def _children(sides: _Sides, key: str, before: str) -> Iterator[tuple[Flow, Node, str, str]]:
    found = sides.get(key, ())
    for index, (flow, node) in enumerate(found, 1):
        last = index == len(found)
        yield flow, node, before + ("└─ " if last else "├─ "), before + ("   " if last else "│  ")


def dot(lineage: Lineage) -> str:
    """A graph for Graphviz, from left to right."""
    names = dict(zip(lineage.nodes, (f"n{i}" for i in count()), strict=False))
    lines = ["digraph lineage {", "  rankdir=LR;", '  node [fontname="Helvetica"];']
    for key, node in lineage.nodes.items():
        shape = "ellipse" if node.kind == "run" else "box"
        style = [] if node.alive else ["dashed"]
        style += ["bold"] if key == lineage.start else []
        look = f', style="{",".join(style)}"' if style else ""
        label = "\\n".join(_dotted(line) for line in _lines(node))
        lines.append(f'  {names[key]} [shape={shape}, label="{label}"{look}];')
    for edge in lineage.edges:
        lines.append(f"  {names[edge.source]} -> {names[edge.target]} [label={edge.tie}];")
    return "\n".join([*lines, "}"])


def mermaid(lineage: Lineage) -> str:
    """A flowchart for Mermaid, from left to right."""
    names = dict(zip(lineage.nodes, (f"n{i}" for i in count()), strict=False))
    lines = ["flowchart LR"]
    for key, node in lineage.nodes.items():
        left, right = {"run": ("([", "])"), "link": ("[[", "]]"), "version": ("[", "]")}[node.kind]
        label = "<br/>".join(_quoted(line) for line in _lines(node))
        lines.append(f'  {names[key]}{left}"{label}"{right}')
    for edge in lineage.edges:
        lines.append(f"  {names[edge.source]} -->|{edge.tie}| {names[edge.target]}")
    dead = [names[key] for key, node in lineage.nodes.items() if not node.alive]
    lines += ["  classDef dead stroke-dasharray:4", f"  class {','.join(dead)} dead"] * bool(dead)
    lines += ["  classDef start stroke-width:3px", f"  class {names[lineage.start]} start"]
    return "\n".join(lines)


def _lines(node: Node) -> list[str]:
    state = "" if node.state == "committed" else node.state
    return [node.name, *(part for part in (node.label, state) if part)]


def _dotted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")


def _quoted(text: str) -> str:
    """Mermaid knows entities, by number and with # for &."""
    plain = " ".join(text.split())
    return "".join(f"#{ord(c)};" if c in '"#;<>&`\\' else c for c in plain)
