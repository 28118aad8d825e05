"""A lineage as a picture: SVG drawn by our own layout, and a page of HTML around it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from itertools import pairwise

from wbart.lineage.graph import Flow, Lineage, Node
from wbart.lineage.layout import Layout, layout

_WIDE, _HIGH = 236, 54
_COLUMN, _ROW = 340, 78
_EDGE = 24
"""Room around the drawing; all in pixels."""
_LETTERS = 34
"""How many letters fit into a line of a node."""

_STYLE = """
.lineage text{font:12px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#1c2733}
.lineage .small{font-size:11px;fill:#5b6875}
.lineage .box{stroke:#7c8a99;stroke-width:1.2;fill:#fff}
.lineage .version .box{stroke:#2f6fb3;fill:#eef5fc}
.lineage .link .box{stroke:#7a4fb0;fill:#f5effc}
.lineage .run .box{stroke:#2f8a57;fill:#eef8f2}
.lineage .dead .box{stroke:#a3a3a3;fill:#f4f4f4;stroke-dasharray:5 4}
.lineage .dead text{fill:#7a7a7a}
.lineage .start .box{stroke-width:3}
.lineage .flow{fill:none;stroke:#7c8a99;stroke-width:1.4}
.lineage .linked{stroke:#7a4fb0;stroke-dasharray:6 4}
.lineage .copied,.lineage .drafted{stroke:#b3742f;stroke-dasharray:2 4}
.lineage .tie{font-size:10px;fill:#5b6875;paint-order:stroke;stroke:#fff;stroke-width:4px}
.lineage .head{fill:#7c8a99}
@media (prefers-color-scheme:dark){
.lineage text{fill:#e4e9ee}.lineage .small,.lineage .tie{fill:#a9b4bf}
.lineage .tie{stroke:#14181d}
.lineage .version .box{fill:#16283a}.lineage .link .box{fill:#271b38}
.lineage .run .box{fill:#12291d}.lineage .dead .box{fill:#22262b}.lineage .dead text{fill:#8b949d}
}
"""
_PAGE = """
body{margin:24px;background:#fff;color:#1c2733;
font:14px/1.45 system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif}
h1{font-size:18px;margin:0 0 4px}p{margin:0 0 16px;color:#5b6875}
figure{margin:0 0 24px;overflow-x:auto}
table{border-collapse:collapse}th,td{text-align:left;padding:3px 16px 3px 0;vertical-align:top}
th{color:#5b6875;font-weight:600}tr+tr td{border-top:1px solid #e3e7eb}.dead td{color:#7a7a7a}
@media (prefers-color-scheme:dark){body{background:#14181d;color:#e4e9ee}p,th{color:#a9b4bf}
tr+tr td{border-color:#2b3138}}
"""


def svg(lineage: Lineage) -> str:
    """The picture alone, with its own styles."""
    ties = [(edge.source, edge.target) for edge in lineage.edges]
    found = layout(list(lineage.nodes), ties)
    width = 2 * _EDGE + (found.width - 1) * _COLUMN + _WIDE
    height = 2 * _EDGE + int((found.height - 1) * _ROW) + _HIGH
    title = f"Lineage of {lineage.nodes[lineage.start].name}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="lineage" role="img" '
            f'width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
            f"<title>{_text(title)}</title><style>{_STYLE}</style>",
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" '
            'markerHeight="8" orient="auto-start-reverse">'
            '<path class="head" d="M0 .8 8 4 0 7.2z"/></marker></defs>',
            *(_flow(edge, found) for edge in lineage.edges if edge.source != edge.target),
            *_nodes(lineage, found),
            "</svg>",
        ]
    )


def html(lineage: Lineage) -> str:
    """One page that loads nothing: the picture, and all nodes in a table."""
    start = lineage.nodes[lineage.start]
    way = {"up": "What it came from", "down": "What came of it", "both": "Before and after it"}
    counted = f"{len(lineage.versions)} versions and links, {len(lineage.runs)} runs"
    if lineage.cut:
        counted += "; there is more behind those marked …"
    rows = "\n".join(_row(lineage, node) for node in lineage.nodes.values())
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Lineage of {_text(start.name)}</title>
<style>{_PAGE}</style>
</head>
<body>
<h1>Lineage of {_text(start.name)}</h1>
<p>{way[lineage.direction]}: {counted}.</p>
<figure>
{svg(lineage)}
</figure>
<table>
<tr><th>what</th><th>name</th><th>kind</th><th>state</th><th>created</th></tr>
{rows}
</table>
</body>
</html>
"""


def _row(lineage: Lineage, node: Node) -> str:
    name = node.name + (" …" if node.key in lineage.cut else "")
    cells = (node.kind, name, node.label, node.state, node.created_at or "")
    mark = "" if node.alive else ' class="dead"'
    return f"<tr{mark}>" + "".join(f"<td>{_text(cell)}</td>" for cell in cells) + "</tr>"


def _nodes(lineage: Lineage, found: Layout) -> Iterator[str]:
    for key, node in lineage.nodes.items():
        marks = [node.kind, *(["start"] if key == lineage.start else [])]
        marks += [] if node.alive else ["dead"]
        home = _home(lineage.nodes[lineage.start])
        place = found.places[key]
        yield _node(node, " ".join(marks), *_corner(place), key in lineage.cut, home)


def _home(node: Node) -> str:
    return node.name.rpartition("/")[0]


def _node(node: Node, marks: str, x: float, y: float, cut: bool, around: str) -> str:
    """A box with a name and, where it is not in the project around it, the project."""
    round_ = _HIGH / 2 if node.kind == "run" else 6
    home = _home(node)
    name = node.name[len(home) + 1 :]
    state = "" if node.state == "committed" else node.state
    below = " · ".join(part for part in (home, node.label, state) if part not in ("", around))
    whole = "\n".join(part for part in (node.name, node.label, node.state, node.created_at) if part)
    text = "run " + name if node.kind == "run" else name
    middle = x + _WIDE / 2
    return (
        f'<g class="{marks}"><title>{_text(whole)}</title>'
        f'<rect class="box" x="{x:g}" y="{y:g}" width="{_WIDE}" height="{_HIGH}" rx="{round_:g}"/>'
        f'<text x="{middle:g}" y="{y + 23:g}" text-anchor="middle">'
        f"{_text(_short(text, _LETTERS - 2) + (' …' if cut else ''))}</text>"
        f'<text class="small" x="{middle:g}" y="{y + 40:g}" text-anchor="middle">'
        f"{_text(_short(below, _LETTERS))}</text></g>"
    )


def _flow(edge: Flow, found: Layout) -> str:
    """A curve from the right side of the source to the left one of the target."""
    source, target = found.places[edge.source], found.places[edge.target]
    back = source[0] >= target[0]
    x, y = _corner(source)
    points = [(x if back else x + _WIDE, y + _HIGH / 2)]
    for bend in found.bends[edge.source, edge.target]:
        x, y = _corner(bend)
        ends = [(x, y + _HIGH / 2), (x + _WIDE, y + _HIGH / 2)]
        points += ends[::-1] if back else ends
    x, y = _corner(target)
    points.append((x + _WIDE if back else x, y + _HIGH / 2))
    words = _between(points)
    return (
        f'<path class="flow {edge.tie}" marker-end="url(#head)" d="{_curve(points)}"/>'
        f'<text class="tie" x="{words[0]:g}" y="{words[1] - 4:g}" text-anchor="middle">'
        f"{edge.tie}</text>"
    )


def _curve(points: list[tuple[float, float]]) -> str:
    parts = [f"M{points[0][0]:g} {points[0][1]:g}"]
    for (x, y), (to_x, to_y) in pairwise(points):
        middle = (x + to_x) / 2
        parts.append(f"C{middle:g} {y:g} {middle:g} {to_y:g} {to_x:g} {to_y:g}")
    return "".join(parts)


def _between(points: list[tuple[float, float]]) -> tuple[float, float]:
    """Where the words of an edge stand: in the middle of its last gap between two layers."""
    (x, y), (to_x, to_y) = points[-2:]
    return (x + to_x) / 2, (y + to_y) / 2


def _corner(place: tuple[int, float]) -> tuple[float, float]:
    return _EDGE + place[0] * _COLUMN, _EDGE + round(place[1] * _ROW, 1)


def _short(text: str, most: int) -> str:
    """The text with its middle left out, since both ends of a name tell more."""
    if len(text) <= most:
        return text
    half = (most - 1) // 2
    return f"{text[:half]}…{text[-half:]}"


def _text(text: str) -> str:
    """Escaped, and without the controls that XML does not know."""
    plain: Iterable[str] = (c if c >= " " or c == "\n" else "�" for c in text)
    return escape("".join(plain))
