"""From a draft to a stored manifest: bytes first, then nodes, so that a record may follow (I2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from wbart.draft import Draft, LayeredNodes, layered
from wbart.intake import Intake
from wbart_manifest.entry import Entry, same_content
from wbart_manifest.location import PACKED, WHOLE
from wbart_manifest.manifest import Manifest
from wbart_storage.progress import Event, Progress
from wbart_storage.stage import settle
from wbart_storage.staged_packs import is_token
from wbart_storage.store import Store


def upload(
    draft: Draft, intake: Intake | None, store: Store, base: Manifest | None, progress: Progress
) -> Manifest:
    """Put all that the draft holds into the store, durable when this returns.

    What base (the version before) has already is not sent again, nor cut anew. No version
    names it yet.
    """
    if intake is not None:
        _seal(draft, intake)
    needed = _Needed()
    manifest, nodes = _final(draft, intake, base, needed)
    progress(Event("upload", 0, 0, manifest.count, manifest.size))
    if intake is not None:
        keys = intake.stage.publish(store.objects, needed.packs, needed.blobs)
        settle(store.objects, keys)
        intake.stage.tidy(store.objects)
    _publish_nodes(manifest, base, nodes, store)
    progress(Event("upload", manifest.count, manifest.size, manifest.count, manifest.size))
    return manifest


class _Needed:
    """The packs and whole blobs that the new entries name."""

    def __init__(self) -> None:
        self.packs: set[bytes] = set()
        self.blobs: set[bytes] = set()

    def note(self, entry: Entry) -> Entry:
        if entry.location is not None:
            if entry.location.kind == PACKED:
                self.packs.add(entry.location.object)
            elif entry.location.kind == WHOLE:
                self.blobs.add(entry.digest)
        return entry


def _seal(draft: Draft, intake: Intake) -> None:
    packs = intake.stage.packs
    packs.seal()
    for token in intake.removed:
        if packs.pack_id(token) is not None:
            located = (entry.location for entry in draft.entries())
            packs.keep_only(token, (each for each in located if each and each.object == token))
    intake.removed.clear()
    packs.seal()
    intake.ingest.settle()


def _final(
    draft: Draft, intake: Intake | None, base: Manifest | None, needed: _Needed
) -> tuple[Manifest, LayeredNodes]:
    entries = _placed(draft.entries(), intake)
    if base is None:
        nodes = LayeredNodes(None)
        return Manifest.build(nodes, map(needed.note, entries), draft.algorithm), nodes
    manifest, nodes = layered(base)
    return manifest.edit(_changes(base, entries, needed)), nodes


def _placed(entries: Iterable[Entry], intake: Intake | None) -> Iterator[Entry]:
    """The entries with their final locations, where the stage knows better."""
    for entry in entries:
        location = entry.location
        if location is None or location.kind != PACKED or not is_token(location.object):
            yield entry
        else:
            assert intake is not None, "a token comes from an intake"
            yield replace(entry, location=intake.stage.packs.place(location))


def _changes(
    base: Manifest, entries: Iterator[Entry], needed: _Needed
) -> Iterator[tuple[str, Entry | None]]:
    """What turns base into entries: both sorted, walked side by side."""
    old = base.entries()
    held = next(old, None)
    for entry in entries:
        while held is not None and held.path < entry.path:
            yield held.path, None
            held = next(old, None)
        if held is not None and held.path == entry.path:
            if not same_content(held, entry):
                yield entry.path, needed.note(entry)
            held = next(old, None)
        else:
            yield entry.path, needed.note(entry)
    while held is not None:
        yield held.path, None
        held = next(old, None)


def _publish_nodes(
    manifest: Manifest, base: Manifest | None, nodes: LayeredNodes, store: Store
) -> None:
    if manifest.inline() is not None or (base is not None and manifest.root == base.root):
        return
    store.nodes.put_all(nodes.new)
