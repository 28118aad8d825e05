"""Walking a lineage: from a version along runs, links, copies and drafts, each node once."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, get_args

from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid, CollectionNotFound, RunNotFound
from wbart.lineage.graph import Direction, Flow, Lineage, Node
from wbart.lineage.runties import Ties
from wbart.recording.path import RunPath
from wbart.refs.loading import view
from wbart.refs.place import Place
from wbart_storage.clock import rfc3339

if TYPE_CHECKING:
    from wbart.committed import Committed
    from wbart.fold.ops import Origin
    from wbart.fold.state import CollectionState, Version
    from wbart.recording.record import Edge
    from wbart.workspace import Workspace

Home = tuple[str, str, str]


def walk(at: Committed, direction: str = "up", depth: int | None = None) -> Lineage:
    """The lineage of a version, at most depth edges away from it; None: all of it.

    Down, every collection of the store is read once, as copies and drafts are known only there.
    """
    if direction not in get_args(Direction):
        raise ArgumentInvalid(f"direction must be up, down or both, not {direction!r}")
    if depth is not None and (isinstance(depth, bool) or not isinstance(depth, int)):
        raise ArgumentTypeInvalid(f"depth must be a whole number, not {type(depth).__name__}")
    if depth is not None and depth < 0:
        raise ArgumentInvalid(f"depth must not be negative: {depth}")
    with Ties(at.workspace) as ties:
        walker = _Walker(at.workspace, ties)
        start = walker.start(at)
        found = Lineage(start.key, direction, {start.key: start})  # type: ignore[arg-type]
        for way in ("up", "down") if direction == "both" else (direction,):
            _spread(found, walker, way == "up", depth)
    return found


def _spread(found: Lineage, walker: _Walker, up: bool, depth: int | None) -> None:
    """Add what lies one way of the start, the nearest first."""
    steps = {found.start: 0}
    known = set(found.edges)
    waiting = deque([found.start])
    while waiting:
        key = waiting.popleft()
        if depth is not None and steps[key] >= depth:
            if next(walker.neighbours(key, up), None) is not None:
                found.cut.add(key)
            continue
        for flow, node in walker.neighbours(key, up):
            found.nodes.setdefault(node.key, node)
            if flow not in known:
                known.add(flow)
                found.edges.append(flow)
            if node.key not in steps:
                steps[node.key] = steps[key] + 1
                waiting.append(node.key)


class _Found(NamedTuple):
    """A version that is in the store, in whatever condition."""

    home: Home
    state: CollectionState
    version: Version


class _Walker:
    """What is next to a node. Every collection and every run is read at most once."""

    def __init__(self, workspace: Workspace, ties: Ties) -> None:
        self._workspace = workspace
        self._ties = ties
        self._states: dict[Home, CollectionState | None] = {}
        self._found: dict[str, _Found] = {}
        """By key of the node."""
        self._paths: dict[str, RunPath] = {}

    def start(self, at: Committed) -> Node:
        """The node of the version, or of the link, that was asked about."""
        state = self._state(at.place.home)
        number = at.place.number
        if state is None or number >= len(state.versions):
            raise ArgumentInvalid(f"{at.place.qualified_name} is there no more")
        return self._node(_Found(at.place.home, state, state.versions[number]))

    def neighbours(self, key: str, up: bool) -> Iterator[tuple[Flow, Node]]:
        """What flowed into the node, or what came of it."""
        if key in self._paths:
            return self._of_run(key, up)
        if key not in self._found:
            return iter(())
        found = self._found[key]
        if found.version.source is not None:
            return self._of_link(key, found, up)
        return self._above(key, found) if up else self._below(key, found)

    def _of_run(self, key: str, up: bool) -> Iterator[tuple[Flow, Node]]:
        record = self._ties.record(self._paths[key])
        for edge in () if record is None else (record.used if up else record.logged).values():
            node = self._at(edge)
            flow = Flow(node.key, key, "used") if up else Flow(key, node.key, "logged")
            yield flow, node
        # A version may know its run when the run, ended by a crash just then, does not know it.
        for other in () if up else self._logged_by.get(self._paths[key], ()):
            node = self._node(other)
            yield Flow(key, node.key, "logged"), node

    def _of_link(self, key: str, found: _Found, up: bool) -> Iterator[tuple[Flow, Node]]:
        source = found.version.source
        if up and source is not None:
            edge = source.id, source.entity, source.project, source.collection, source.version
            node = self._by_id(*edge)
            yield Flow(node.key, key, "linked"), node

    def _above(self, key: str, found: _Found) -> Iterator[tuple[Flow, Node]]:
        version = found.version
        paths = dict.fromkeys(
            path for id_ in self._ids(version) for path in self._ties.producers(id_)
        )
        if version.logged_by is not None:
            paths.setdefault(RunPath.from_json(version.logged_by))
        for path in paths:
            node = self._run(path)
            yield Flow(node.key, key, "logged"), node
        if version.base is not None:
            node = self._by_id(version.base, *found.home, None)
            yield Flow(node.key, key, "drafted"), node
        if version.origin is not None:
            node = self._origin(version.origin)
            yield Flow(node.key, key, "copied"), node

    def _below(self, key: str, found: _Found) -> Iterator[tuple[Flow, Node]]:
        version = found.version
        for id_ in self._ids(version):
            for path in self._ties.consumers(id_):
                node = self._run(path)
                yield Flow(key, node.key, "used"), node
        for link in version.links:
            target = link.target
            project = self._workspace.catalog.registries.called(target.entity, target.project)
            home = target.entity, project, target.collection
            state = self._state(home)
            number = None if state is None else state.members.get(version.id)
            if state is not None and number is not None:
                node = self._node(_Found(home, state, state.versions[number]))
                yield Flow(key, node.key, "linked"), node
        for tie, others in (("drafted", self._drafts), ("copied", self._copies)):
            for other in others.get(version.id, ()):
                node = self._node(other)
                yield Flow(key, node.key, tie), node  # type: ignore[arg-type]

    def _ids(self, version: Version) -> list[str]:
        """The ids by which runs know it: runs that were copied with it know that of its origin."""
        origin = version.origin
        if origin is None:
            return [version.id]
        here = self._look(origin.id, (origin.entity, origin.project, origin.collection))
        return [version.id] if here and here.version.id == origin.id else [version.id, origin.id]

    def _origin(self, origin: Origin) -> Node:
        """The version of which one is a copy; it may be in another store only."""
        home = origin.entity, origin.project, origin.collection
        found = self._look(origin.id, home)
        if found is not None and found.version.id == origin.id:
            return self._node(found)
        name = Place(*home, origin.version).qualified_name
        moment = rfc3339(origin.created_at)
        label = f"in store {origin.store[:8]}"
        return Node(f"version {origin.id}", "version", name, label, "elsewhere", moment)

    def _at(self, edge: Edge) -> Node:
        node = self._by_id(edge.id, edge.entity, edge.project, edge.collection, edge.version)
        return node if node.label else Node(node.key, "version", node.name, edge.type, node.state)

    def _by_id(
        self, id: str, entity: str, project: str, collection: str, number: int | None
    ) -> Node:
        """The version of an id, which was in this collection when somebody wrote it down."""
        home = entity, project, collection
        found = self._look(id, home)
        if found is not None:
            return self._node(found)
        version = id[:8] if number is None else f"v{number}"
        name = f"{'/'.join(home)}:{version}"
        return Node(f"version {id}", "version", name, "", "unknown")

    def _look(self, id: str, home: Home) -> _Found | None:
        state = self._state(home)
        if state is None:
            return None
        number = state.ids.get(id)
        if number is None:
            # What was copied together with its runs has another id here.
            copies = (each for each in state.versions if each.origin and each.origin.id == id)
            copy = next(copies, None)
            return None if copy is None else _Found(home, state, copy)
        return _Found(home, state, state.versions[number])

    def _node(self, found: _Found) -> Node:
        version, state = found.version, found.state
        kind = "version" if version.source is None else "link"
        entity, project, _ = found.home
        name = Place(entity, project, state.name, version.number).qualified_name
        condition = view(self._workspace, state, found.home).condition(version)
        if not state.exists and condition == "committed":
            condition = "deleted"
        key = f"{kind} {version.id}"
        self._found[key] = found
        moment = rfc3339(version.created_at)
        return Node(key, kind, name, state.head.type, condition, moment)  # type: ignore[arg-type]

    def _run(self, path: RunPath) -> Node:
        key = f"run {path}"
        try:
            node = self._ties.node(key, path)
        except RunNotFound:
            return Node(key, "run", str(path), "", "unknown")
        self._paths[key] = path
        return node

    def _state(self, home: Home) -> CollectionState | None:
        """The collection, a deleted one too; None where there never was one."""
        if home not in self._states:
            catalog = self._workspace.catalog
            try:
                self._states[home] = catalog.state(*home)
            except CollectionNotFound:
                self._states[home] = catalog.state_at_root(*home)
        return self._states[home]

    @cached_property
    def _everything(self) -> list[_Found]:
        catalog = self._workspace.catalog
        return [
            _Found((entity, project, state.name), state, version)
            for entity in catalog.entities()
            for project in catalog.projects(entity)
            for state in catalog.states(entity, project)
            for version in state.versions
            if version.origin or version.base or version.logged_by
        ]

    @cached_property
    def _logged_by(self) -> dict[RunPath, list[_Found]]:
        """What versions say of the runs that logged them; copies say it of their origin's."""
        found: dict[RunPath, list[_Found]] = defaultdict(list)
        for each in self._everything:
            if each.version.logged_by is not None and each.version.origin is None:
                found[RunPath.from_json(each.version.logged_by)].append(each)
        return found

    @cached_property
    def _copies(self) -> dict[str, list[_Found]]:
        """Copies, by the id of what they are copies of."""
        found: dict[str, list[_Found]] = defaultdict(list)
        for each in self._everything:
            if each.version.origin is not None:
                found[each.version.origin.id].append(each)
        return found

    @cached_property
    def _drafts(self) -> dict[str, list[_Found]]:
        """Versions that were drafted from another, by that one's id."""
        found: dict[str, list[_Found]] = defaultdict(list)
        for each in self._everything:
            if each.version.base is not None:
                found[each.version.base].append(each)
        return found
