"""The record of a copy: what is said of a version at its target, and under which number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wbart.copying.identity import Home, held, identity, origin_of
from wbart.errors import Conflict, KindClash
from wbart.fold import ops
from wbart.fold.state import SEQUENCE, CollectionState, Version
from wbart.fold.version import check_type
from wbart.names import LATEST
from wbart.refs.resolve import View
from wbart_manifest.digest import Digest
from wbart_manifest.manifest import Manifest
from wbart_manifest.tree import MemoryNodes
from wbart_storage.errors import ObjectMissing

if TYPE_CHECKING:
    from wbart.committed import Committed
    from wbart.workspace import Workspace

_TRIES = 16
_LONG = 3000
"""Ops from which on the next ones go into an intent of their own, so that records stay small."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A version at the target."""

    collection: str
    """What the collection is called now, whatever name led to it."""
    number: int
    new: bool
    changed: bool
    """Whether anything was, or would be, written."""
    aliases: tuple[str, ...]
    """Those that it got."""
    aliases_kept: dict[str, int]
    """Those that it did not get, since the target's version of that number has them."""


@dataclass(frozen=True, slots=True)
class Recorder:
    """Writes versions into one collection of the target."""

    workspace: Workspace
    home: Home
    keep_numbers: bool
    """Give a version the number that it has at its source, as long as that is free."""
    overwrite_aliases: bool
    dry_run: bool

    def state(self) -> CollectionState | None:
        """The collection as it is now, deleted or not; None if there never was one."""
        try:
            return self.workspace.catalog.journal(*self.home).read()
        except ObjectMissing:
            return None

    def find(self, at: Committed) -> Version | None:
        """The version, if the target has it. Raises Conflict if it is deleted or expired there.

        Raises TypeClash and KindClash, too, if the target could not take it.
        """
        state = self.state()
        if state is None:
            return None
        if state.exists:
            _check(state, at)
        found = held(state, at, self.home)
        if found is not None:
            self._refuse_gone(state, found)
        return found

    def _refuse_gone(self, state: CollectionState, found: Version) -> None:
        """Raise Conflict unless the version can be used, by the target's own clock."""
        condition = View(state, self.workspace.store.clock.now()).condition(found)
        if condition == "committed":
            if state.exists:
                return
            condition = "deleted"
        way = "restore it there, or copy" if condition == "deleted" else "copy"
        place = f"{self.place(state.name)}:v{found.number}"
        raise Conflict(f"{place} is {condition} at the target: {way} to another name")

    def place(self, collection: str) -> str:
        """The qualified name of the collection that the home leads to."""
        return "/".join((*self.home[:2], collection))

    def base(self) -> Manifest | None:
        """The newest version at the target: most of the next one is there already."""
        state = self.state()
        if state is None or not state.exists or state.newest is None:
            return None
        newest = state.versions[state.newest]
        store = self.workspace.store
        if newest.source is not None or not newest.manifest:
            return None
        return Manifest.restore(store.nodes, newest.manifest, store.algorithm)

    def record(self, at: Committed, manifest: Manifest) -> Recorded:
        """Make the version visible, or bring aliases and tags of the one that is there up to date.

        However many do so at once, it is one version.
        """
        for _ in range(_TRIES):
            found = self.find(at)
            state = self.state() or CollectionState(self.home[2])
            wanted, kept = self._aliases(state, at, found)
            if found is not None:
                intents = _update(found, at, wanted, state)
                place = state.name, found.number
                planned = Recorded(*place, False, bool(intents), wanted, kept)
            else:
                intents = self._creation(state, at, manifest, wanted)
                place = state.name, self._number(state, at)
                planned = Recorded(*place, True, True, wanted, kept)
            if self.dry_run or self._committed(intents):
                return planned
        raise Conflict(f"{'/'.join(self.home)} changes at the target faster than it can be copied")

    def _committed(self, intents: Sequence[Sequence[ops.Op]]) -> bool:
        """Commit each intent; False when somebody was quicker, and all must be looked at again."""
        try:
            for intent in intents:
                self.workspace.catalog.commit(*self.home, *(each.to_json() for each in intent))
        except Conflict:
            return False
        return True

    def _aliases(
        self, state: CollectionState, at: Committed, found: Version | None
    ) -> tuple[tuple[str, ...], dict[str, int]]:
        """The aliases that the version gets, and those that another version keeps."""
        there = state.aliases if state.exists else {}
        own = None if found is None else found.number
        asked = [each for each in at.source.aliases if each != LATEST]
        moves = [each for each in asked if each not in there or there[each] != own]
        kept = {} if self.overwrite_aliases else {a: there[a] for a in moves if a in there}
        return tuple(each for each in moves if each not in kept), kept

    def _number(self, state: CollectionState, at: Committed) -> int:
        free = len(state.versions)
        return max(free, at.source_place.number) if self.keep_numbers else free

    def _creation(
        self,
        state: CollectionState,
        at: Committed,
        manifest: Manifest,
        aliases: tuple[str, ...],
    ) -> list[list[ops.Op]]:
        number = self._number(state, at)
        intents = [list(self._beginning(state, at))]
        for gap in range(len(state.versions), number):
            if len(intents[-1]) >= _LONG:
                intents.append([])
            intents[-1] += self._gap(at, gap)
        expect = self._expected(state, aliases, number)
        intents[-1].append(self._version(at, manifest, aliases, expect))
        return intents

    def _expected(
        self, state: CollectionState, aliases: tuple[str, ...], number: int
    ) -> ops.Expect:
        holders = {each: state.aliases.get(each) for each in aliases} if state.exists else {}
        return ops.Expect(next=number, aliases=holders)

    def _beginning(self, state: CollectionState, at: Committed) -> Iterator[ops.Op]:
        if state.exists:
            return
        head = at.state.head
        yield ops.Create(type=head.type, kind="sequence", description=head.description)
        if head.tags:
            yield ops.Collection(tags=head.tags)

    def _gap(self, at: Committed, number: int) -> list[ops.Op]:
        """Use up a number that the source does not use any more: a version of nothing, purged.

        These are ops that every release knows, so a copy demands nothing of other readers.
        """
        empty = Manifest.empty(MemoryNodes(), self.workspace.store.algorithm)
        name = "\0".join(("gap", *self.home, str(number)))
        nothing = ops.Log(
            id=Digest.of(name.encode(), "sha256").hex[:32],
            digest=str(empty.digest),
            manifest=empty.describe(),
            type=at.state.head.type,
            always=True,
            expect=ops.Expect(next=number),
        )
        return [nothing, ops.Delete(version=number, delete_aliases=True), ops.Purge(version=number)]

    def _version(
        self, at: Committed, manifest: Manifest, aliases: tuple[str, ...], expect: ops.Expect
    ) -> ops.Log:
        version, origin = at.source, origin_of(at)
        return ops.Log(
            id=identity(origin, self.home),
            digest=str(manifest.digest),
            wandb=version.wandb,
            manifest=manifest.describe(),
            metadata=version.metadata,
            description=version.description,
            ttl=version.ttl,
            logged_by=version.logged_by,
            history_step=version.history_step,
            storage_region=version.storage_region,
            base=version.base,
            aliases=aliases,
            tags=version.tags,
            type=at.state.head.type,
            always=True,
            origin=origin,
            expect=expect,
        )


def _check(state: CollectionState, at: Committed) -> None:
    if state.head.kind != SEQUENCE:
        raise KindClash(f"{state.name!r} is a portfolio at the target: it takes no copies")
    check_type(state, at.state.head.type)


def _update(
    found: Version, at: Committed, aliases: tuple[str, ...], state: CollectionState
) -> list[list[ops.Op]]:
    """What brings a version that is there already up to date."""
    known: list[ops.Op] = []
    if aliases:
        holders = {each: state.aliases.get(each) for each in aliases}
        expect = ops.Expect(aliases=holders)
        known.append(ops.Alias(version=found.number, add=aliases, expect=expect))
    tags = tuple(each for each in at.source.tags if each not in found.tags)
    if tags:
        known.append(ops.Tag(version=found.number, add=tags))
    return [known] if known else []
