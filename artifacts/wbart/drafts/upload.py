"""From a draft to a stored manifest: bytes first, then nodes, so that a record may follow (I2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wbart.drafts.draft import Draft, LayeredNodes, layered
from wbart.drafts.intake import Intake
from wbart.drafts.uploaded import Needed, Uploaded
from wbart_manifest.diff import diff
from wbart_manifest.entry import Entry, same_content
from wbart_manifest.location import PACKED
from wbart_manifest.manifest import Manifest
from wbart_storage.progress import Progress
from wbart_storage.staging.stage import settle
from wbart_storage.staging.staged_packs import is_token
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
    if base is not None and draft.unchanged_root == base.root:
        return base
    needed = Needed()
    manifest, nodes = _final(draft, intake, base, needed)
    uploaded = Uploaded(needed, manifest.count, manifest.size, progress)
    uploaded.begin()
    if intake is not None:
        keys = intake.stage.publish(store.objects, needed.packs, needed.blobs, uploaded)
        settle(store.objects, keys)
        intake.stage.tidy(store.objects)
    _publish_nodes(manifest, base, nodes, store)
    uploaded.end()
    return manifest


def _seal(draft: Draft, intake: Intake) -> None:
    packs = intake.stage.packs
    packs.seal()
    for token in intake.removed:
        if packs.pack_id(token) is not None:
            located = (entry.location for entry in draft.entries())
            packs.keep_only(token, (each for each in located if each and each.object == token))
    intake.removed.clear()
    packs.seal()
    intake.ingest.finish()


def _final(
    draft: Draft, intake: Intake | None, base: Manifest | None, needed: Needed
) -> tuple[Manifest, LayeredNodes]:
    if base is None:
        nodes = LayeredNodes(None)
        entries = (needed.note(_placed(entry, intake)) for entry in draft.entries())
        return Manifest.build(nodes, entries, draft.algorithm), nodes
    changes = _differences(draft, base)
    manifest, nodes = layered(base)
    edits = (
        (path, None if after is None else needed.note(_placed(after, intake)))
        for path, after in changes
    )
    return manifest.edit(edits), nodes


def _differences(draft: Draft, base: Manifest) -> Iterable[tuple[str, Entry | None]]:
    """What turns base into the draft, as directly as the draft can tell."""
    edits = draft.edits_above(base.root)
    if edits is not None:
        return edits
    if draft.has_tree:
        return ((each.path, each.after) for each in diff(base, draft.manifest()))
    return _changes(base, draft.entries())


def _placed(entry: Entry, intake: Intake | None) -> Entry:
    """The entry with its final location, where the stage knows better."""
    location = entry.location
    if location is None or location.kind != PACKED or not is_token(location.object):
        return entry
    assert intake is not None, "a token comes from an intake"
    place = intake.stage.packs.place(location)
    # Spelled out: msgspec's replace takes ten times as long.
    return Entry(entry.path, entry.size, entry.digest, None, place, entry.wandb, entry.extra)


def _changes(base: Manifest, entries: Iterator[Entry]) -> Iterator[tuple[str, Entry | None]]:
    """What turns base into entries: both sorted, walked side by side."""
    old = base.entries()
    held = next(old, None)
    for entry in entries:
        while held is not None and held.path < entry.path:
            yield held.path, None
            held = next(old, None)
        if held is not None and held.path == entry.path:
            if not same_content(held, entry):
                yield entry.path, entry
            held = next(old, None)
        else:
            yield entry.path, entry
    while held is not None:
        yield held.path, None
        held = next(old, None)


def _publish_nodes(
    manifest: Manifest, base: Manifest | None, nodes: LayeredNodes, store: Store
) -> None:
    if manifest.inline() is not None or (base is not None and manifest.root == base.root):
        return
    store.nodes.put_all(nodes.new)
