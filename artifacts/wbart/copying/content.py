"""The content of one version on its way to another store: data first, then nodes (I2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from wbart.copying import conversion as copying_conversion
from wbart.copying.need import Need, changes, is_packed_anew, need
from wbart.copying.objects import Carrier, Parcel, Sent, sizes
from wbart.drafts.draft import LayeredNodes, layered
from wbart.folders.writing import wanted as wanted_blob
from wbart_manifest.entry import Entry
from wbart_manifest.location import PACKED, WHOLE, Location
from wbart_manifest.manifest import Manifest
from wbart_manifest.tree import Nodes
from wbart_storage.keys import blob_key, node_key, pack_key
from wbart_storage.progress import Event, Progress
from wbart_storage.staging.stage import Stage, settle
from wbart_storage.store import Store

_BATCH = 500
_Moved = dict[tuple[bytes, int], Location]
"""Where members of packs lie that were packed anew, by pack and offset at the source."""


@dataclass(frozen=True, slots=True)
class Brought:
    """A version's content at the target, and how much travelled for it."""

    manifest: Manifest
    sent: Sent


class Remembered:
    """Nodes that are asked for twice, and read from their store once."""

    def __init__(self, below: Nodes) -> None:
        self._below = below
        self._nodes: dict[bytes, bytes] = {}

    def get(self, node_id: bytes, epoch: int = 0) -> bytes:
        """The node's bytes."""
        data = self._nodes.get(node_id)
        if data is None:
            data = self._nodes[node_id] = self._below.get(node_id, epoch)
        return data

    def put(self, node_id: bytes, data: bytes) -> None:
        """Keep a node; its store gets none."""
        self._nodes[node_id] = data


class Bringer:
    """Brings versions from one store to another, each with only what the target lacks."""

    def __init__(
        self, source: Store, target: Store, *, jobs: int, dry_run: bool, progress: Progress
    ) -> None:
        self._source = source
        self._target = target
        self._jobs = jobs
        self._dry_run = dry_run
        self._progress = progress

    def bring(self, described: dict[str, object], base: Manifest | None) -> Brought:
        """The manifest at the target, whose data and nodes are durable there; no record names it.

        base is a manifest that the target has whole. Raises BlobCorrupt, BlobMissing.
        """
        source = self._source
        nodes = Remembered(source.nodes)
        manifest = Manifest.restore(nodes, described, source.algorithm)
        if source.algorithm != self._target.algorithm:
            return self._converted(manifest, base)
        found = need(source, self._target, base, manifest, self._jobs)
        if self._dry_run:
            return self._counted(manifest, base, found)
        moved, sent = self._bring_data(manifest, base, found)
        placed, fresh = self._placed(manifest, base, moved)
        count, size = self._put_nodes(placed, base, fresh)
        return Brought(placed, sent.plus(count, size))

    def _bring_data(
        self, manifest: Manifest, base: Manifest | None, found: Need
    ) -> tuple[_Moved, Sent]:
        if not found.parcels and not found.repack:
            return {}, Sent()
        stage = self._target.stage()
        try:
            sent = self._carry(stage, found.parcels)
            moved, parcels = self._packed_anew(manifest, base, found, stage)
            stage.tidy(self._target.objects)
        finally:
            stage.close()
        return moved, sent.plus(len(parcels), sum(each.size for each in parcels))

    def _converted(self, manifest: Manifest, base: Manifest | None) -> Brought:
        if self._dry_run:
            sent = Sent(manifest.count, manifest.size)
            return Brought(manifest, sent)
        return Brought(
            *copying_conversion.converted(
                self._source, self._target, manifest, base, self._jobs, self._progress
            )
        )

    def _counted(self, manifest: Manifest, base: Manifest | None, found: Need) -> Brought:
        placed, fresh = self._placed(manifest, base, {})
        nodes = self._missing_nodes(placed, base, fresh)
        size = sum(each.size for each in found.parcels) + found.member_bytes
        size += sum(len(data) for data in nodes.values())
        count = len(found.parcels) + len(nodes) + bool(found.members)
        return Brought(placed, Sent(count, size))

    def _carry(self, stage: Stage, parcels: list[Parcel]) -> Sent:
        carrier = Carrier(self._source, self._target, stage, self._jobs)
        total = len(parcels), sum(each.size for each in parcels)
        sent = Sent()
        for parcel in carrier.carry(parcels):
            sent = sent.plus(1, parcel.size)
            self._progress(Event("upload", *sent, *total))
        return sent

    def _packed_anew(
        self, manifest: Manifest, base: Manifest | None, found: Need, stage: Stage
    ) -> tuple[_Moved, list[Parcel]]:
        """Pack the wanted members of mostly unwanted packs anew, and send what is new of that."""
        if not found.repack:
            return {}, []
        moved: _Moved = {}
        changed = (entry for _, entry in changes(base, manifest) if entry is not None)
        few = (entry for entry in changed if is_packed_anew(entry, found))
        while batch := list(islice(few, _BATCH)):
            for each, data in self._source.blobs.read_many(map(wanted_blob, batch)):
                place = each.location.object, each.location.offset
                moved[place] = stage.packs.add(each.digest, bytes(data))
        stage.packs.seal()
        moved = {place: stage.packs.place(at) for place, at in moved.items()}
        parcels = self._staged(manifest, base, found, moved, stage)
        packs = [each.digest for each in parcels if each.packed]
        blobs = [each.digest for each in parcels if not each.packed]
        settle(self._target.objects, stage.publish(self._target.objects, packs, blobs))
        return moved, parcels

    def _staged(
        self, manifest: Manifest, base: Manifest | None, found: Need, moved: _Moved, stage: Stage
    ) -> list[Parcel]:
        """What lies on the stage and not yet at the target."""
        wanted: dict[str, tuple[bytes, bool, Location]] = {}
        for _, entry in changes(base, manifest):
            if entry is None or entry.location is None or not is_packed_anew(entry, found):
                continue
            at = moved[entry.location.object, entry.location.offset]
            if at.kind == PACKED:
                wanted[pack_key(at.object.hex())] = at.object, True, at
            else:
                wanted[blob_key(entry.digest.hex())] = entry.digest, False, at
        there = sizes(self._target.objects, wanted, self._jobs)
        parcels = []
        for key, (digest, packed, at) in wanted.items():
            staged = stage.staged_file(at, digest)
            if key not in there and staged is not None:
                parcels.append(Parcel(digest, packed, staged.stat().st_size, "", key))
        return parcels

    def _placed(
        self, manifest: Manifest, base: Manifest | None, moved: _Moved
    ) -> tuple[Manifest, LayeredNodes]:
        """The manifest with locations of the target, and the nodes that base does not share."""
        edits: Iterator[tuple[str, Entry | None]] = (
            (path, None if entry is None else _relocated(entry, moved))
            for path, entry in changes(base, manifest)
        )
        if base is not None:
            under, nodes = layered(base)
            return under.edit(edits), nodes
        nodes = LayeredNodes(None)
        entries = (entry for _, entry in edits if entry is not None)
        return Manifest.build(nodes, entries, manifest.algorithm), nodes

    def _missing_nodes(
        self, manifest: Manifest, base: Manifest | None, nodes: LayeredNodes
    ) -> dict[bytes, bytes]:
        """The new nodes that the target lacks; any that it has is whole, whoever put it."""
        if manifest.inline() is not None or (base is not None and manifest.root == base.root):
            return {}
        keys = {node_id: node_key(node_id.hex()) for node_id in nodes.new}
        there = sizes(self._target.objects, keys.values(), self._jobs)
        return {each: data for each, data in nodes.new.items() if keys[each] not in there}

    def _put_nodes(
        self, manifest: Manifest, base: Manifest | None, nodes: LayeredNodes
    ) -> tuple[int, int]:
        missing = self._missing_nodes(manifest, base, nodes)
        self._target.nodes.put_all(missing)
        return len(missing), sum(len(data) for data in missing.values())


def _relocated(entry: Entry, moved: _Moved) -> Entry:
    """The entry with its location at the target."""
    location = entry.location
    if location is None or location.kind not in (PACKED, WHOLE):
        return entry
    at = moved.get((location.object, location.offset)) if location.kind == PACKED else None
    place = at or Location(location.kind, location.object, location.offset, location.length)
    # Spelled out: msgspec's replace takes ten times as long.
    return Entry(entry.path, entry.size, entry.digest, None, place, entry.wandb, entry.extra)
