"""Where to draw the nodes of a graph: in layers from left to right, with few crossings.

Sugiyama's way: edges that close a circle are turned round, each node comes in the layer behind all
that leads to it, long edges get a bend in each layer that they cross, and the nodes of a layer are
ordered by where their neighbours are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain as chained
from itertools import pairwise

Tie = tuple[str, str]
_SWEEPS = 12


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns and rows of nodes, and the bends of edges, in units of one node."""

    places: Mapping[str, tuple[int, float]]
    """Layer, counted from the left, and row of each node."""
    bends: Mapping[Tie, Sequence[tuple[int, float]]]
    """Where an edge that crosses layers bends, from its source to its target."""
    width: int
    """How many layers there are."""
    height: float
    """How many rows there are."""


def layout(nodes: Sequence[str], edges: Iterable[Tie]) -> Layout:
    """The places of nodes; the same graph always gets the same."""
    wanted = list(dict.fromkeys(edge for edge in edges if edge[0] != edge[1]))
    turned = _turned(nodes, wanted)
    forward = [(b, a) if (a, b) in turned else (a, b) for a, b in wanted]
    layer = _layers(nodes, forward)
    chains = {edge: _chain(edge, way, layer) for edge, way in zip(wanted, forward, strict=True)}
    columns = _columns(nodes, layer, chains.values())
    rows = _rows(columns, _neighbours(chains.values()))
    top = min(rows.values(), default=0.0)
    bends = {
        edge: [
            (layer[key], rows[key] - top) for key in (chain if edge == way else chain[::-1])[1:-1]
        ]
        for (edge, chain), way in zip(chains.items(), forward, strict=True)
    }
    places = {key: (layer[key], rows[key] - top) for key in nodes}
    height = max((row for _, row in chained(places.values(), *bends.values())), default=0.0)
    return Layout(places, bends, len(columns), height + 1)


def _turned(nodes: Sequence[str], edges: Sequence[Tie]) -> set[Tie]:
    """The edges that lead back to where a walk in depth came from."""
    below = defaultdict(list)
    for a, b in edges:
        below[a].append(b)
    entered = {b for _, b in edges}
    found: set[Tie] = set()
    state: dict[str, int] = {}
    for root in sorted(nodes, key=lambda key: key in entered):
        if root in state:
            continue
        state[root] = 1
        stack = [(root, iter(below[root]))]
        while stack:
            key, rest = stack[-1]
            child = next(rest, None)
            if child is None:
                state[key] = 2
                stack.pop()
            elif child not in state:
                state[child] = 1
                stack.append((child, iter(below[child])))
            elif state[child] == 1:
                found.add((key, child))
    return found


def _layers(nodes: Sequence[str], edges: Sequence[Tie]) -> dict[str, int]:
    """Each node behind all that leads to it; what nothing leads to just before what it leads to."""
    above: dict[str, list[str]] = defaultdict(list)
    below: dict[str, list[str]] = defaultdict(list)
    missing: dict[str, int] = defaultdict(int)
    for a, b in edges:
        above[b].append(a)
        below[a].append(b)
        missing[b] += 1
    layer: dict[str, int] = {}
    ready = [key for key in nodes if not missing[key]]
    for key in ready:
        layer[key] = max((layer[each] + 1 for each in above[key]), default=0)
        for child in below[key]:
            missing[child] -= 1
            if not missing[child]:
                ready.append(child)
    for key in nodes:
        if not above[key] and below[key]:
            layer[key] = min(layer[child] for child in below[key]) - 1
    return layer


def _chain(edge: Tie, way: Tie, layer: dict[str, int]) -> list[str]:
    """The edge's two ends with a new node in each layer between, from left to right."""
    between = [f"\0{edge[0]}\0{edge[1]}\0{at}" for at in range(layer[way[0]] + 1, layer[way[1]])]
    for at, key in enumerate(between, layer[way[0]] + 1):
        layer[key] = at
    return [way[0], *between, way[1]]


def _columns(
    nodes: Sequence[str], layer: Mapping[str, int], chains: Iterable[Sequence[str]]
) -> list[list[str]]:
    columns: list[list[str]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for key in dict.fromkeys([*nodes, *(key for chain in chains for key in chain)]):
        columns[layer[key]].append(key)
    return columns


Neighbours = tuple[Mapping[str, list[str]], Mapping[str, list[str]]]


def _neighbours(chains: Iterable[Sequence[str]]) -> Neighbours:
    """Of each node those in the layer before, and those in the layer behind."""
    before: dict[str, list[str]] = defaultdict(list)
    behind: dict[str, list[str]] = defaultdict(list)
    for chain in chains:
        for a, b in pairwise(chain):
            before[b].append(a)
            behind[a].append(b)
    return before, behind


def _rows(columns: list[list[str]], neighbours: Neighbours) -> dict[str, float]:
    """Order each layer by the mean of its neighbours, to and fro, then pull towards them."""
    rows = {key: float(at) for column in columns for at, key in enumerate(column)}
    best, fewest = [list(column) for column in columns], _crossings(columns, rows, neighbours)
    for sweep in range(_SWEEPS):
        side = neighbours[sweep % 2]
        for column in columns if sweep % 2 == 0 else reversed(columns):
            wish = {
                key: _mean([rows[each] for each in side.get(key, ())], rows[key]) for key in column
            }
            column.sort(key=lambda key: (wish[key], rows[key]))
            rows.update((key, float(at)) for at, key in enumerate(column))
        crossings = _crossings(columns, rows, neighbours)
        if crossings < fewest:
            best, fewest = [list(column) for column in columns], crossings
    rows = {key: float(at) for column in best for at, key in enumerate(column)}
    for sweep in range(_SWEEPS):
        side = neighbours[sweep % 2]
        for column in best if sweep % 2 == 0 else reversed(best):
            _pull(column, rows, side)
    return rows


def _pull(column: Sequence[str], rows: dict[str, float], side: Mapping[str, list[str]]) -> None:
    """Move the nodes of a layer towards their neighbours, in their order, a row apart at least."""
    wish = [_mean([rows[each] for each in side.get(key, ())], rows[key]) for key in column]
    # Neighbours that would overlap become one block, which sits at the mean of their wishes.
    blocks: list[tuple[float, int]] = []
    for at, wanted in enumerate(wish):
        total, size = wanted - at, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / size:
            before = blocks.pop()
            total, size = total + before[0], size + before[1]
        blocks.append((total, size))
    at = 0
    for total, size in blocks:
        for key in column[at : at + size]:
            rows[key] = total / size + at
            at += 1


def _crossings(
    columns: Sequence[Sequence[str]], rows: Mapping[str, float], neighbours: Neighbours
) -> int:
    """How many edges cross, counted by the pairs that stand in the wrong order."""
    count = 0
    for column in columns:
        ends = [(rows[key], rows[each]) for key in column for each in neighbours[1].get(key, ())]
        ends.sort()
        seen: list[float] = []
        for _, target in ends:
            at = bisect_right(seen, target)
            count += len(seen) - at
            seen.insert(at, target)
    return count


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
