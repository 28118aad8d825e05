"""Saving: a draft becomes a version."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

from wbart import names
from wbart.committed import committed
from wbart.drafts.digests import wandb_digest
from wbart.drafts.draft import Draft
from wbart.drafts.upload import upload
from wbart.errors import CollectionNotFound, KindClash, TypeClash
from wbart.fold.state import SEQUENCE
from wbart.refs.loading import view
from wbart_manifest.manifest import Manifest
from wbart_storage.errors import BlobMissing
from wbart_storage.progress import Event, Progress, silent
from wbart_storage.tokens import token_hex

if TYPE_CHECKING:
    from wbart.committed import Committed
    from wbart.drafts.content import Content
    from wbart.drafts.facts import Facts
    from wbart.fold.state import CollectionState, Version
    from wbart.recording.path import RunPath
    from wbart.workspace import Workspace

log = logging.getLogger(__name__)


class Loggable(NamedTuple):
    """A draft on its way to be a version: what is said of it, and what is in it."""

    facts: Facts
    content: Content


def check_loggable(
    facts: Facts,
    workspace: Workspace,
    entity: str,
    project: str,
    aliases: Sequence[str],
    tags: Sequence[str],
) -> None:
    """Refuse what could not be committed, before anything is sent (programming model §11)."""
    names.aliases(list(aliases))
    names.tags(list(tags))
    workspace.store.config.check_writable()
    facts.check()
    facts.check_home(entity, project)
    try:
        state = workspace.catalog.state(entity, project, facts.name)
    except CollectionNotFound:
        return
    if state.head.kind != SEQUENCE:
        raise KindClash(f"{facts.name!r} is a portfolio: link to it instead of logging")
    if state.head.type != facts.type:
        raise TypeClash(
            f"Artifact {facts.name} already exists with type '{state.head.type}'; "
            f"cannot create another with type '{facts.type}'"
        )


def save_draft(
    loggable: Loggable,
    workspace: Workspace,
    entity: str,
    project: str,
    *,
    run: RunPath | None,
    aliases: Sequence[str] = (),
    tags: Sequence[str] = (),
    history_step: int | None = None,
    progress: Progress = silent,
) -> Committed:
    """Upload the draft and commit it as the next version of its collection.

    Its bytes are durable before the record that makes it a version. The same content as the
    newest version makes no new one; the aliases and tags go to that one.
    """
    facts, content = loggable
    state = _existing(workspace, entity, project, facts.name)
    base = _newest(workspace, state, (entity, project, facts.name)) if state else None
    content.move_to(workspace)
    draft = content.draft
    if facts.incremental and base is not None:
        draft = _merged(base[1], draft)
    try:
        manifest = upload(draft, content.intake, workspace.store, base and base[1], progress)
    except BlobMissing as error:
        content.end_snapshot()
        error.add_note("the store has lost it; added again, the same files are stored anew")
        raise
    progress(Event("commit", manifest.count, manifest.size))
    digest = wandb_digest(manifest, content.digests)
    op: Mapping[str, object] = {
        "op": "version",
        "id": token_hex(16),
        "type": facts.type,
        "digest": str(manifest.digest),
        "wandb": digest,
        "manifest": manifest.describe(),
        "metadata": facts.metadata,
        "description": facts.description,
        "ttl": facts.ttl,
        "logged_by": run.to_json() if run is not None else None,
        "history_step": history_step,
        "storage_region": facts.storage_region,
        "base": facts.base_id,
        "aliases": names.aliases(list(aliases)),
        "tags": names.tags(list(tags)),
        # Of a first version others may have made one with the same content meanwhile.
        "always": state is not None and base is None,
    }
    create = {"op": "create", "type": facts.type, "kind": "sequence", "description": None}
    ops = [op] if state else [create, op]
    outcome = workspace.catalog.commit(entity, project, facts.name, *ops)[-1]
    content.keep_snapshot(manifest, workspace)
    state = workspace.catalog.known(entity, project, facts.name)
    content.close()
    found = committed(workspace, entity, project, facts.name, cast(int, outcome["version"]), state)
    if not outcome["new"]:
        _tell_unsaid(facts, found.source, metadata=bool(outcome.get("metadata_ignored")))
    return found


def _tell_unsaid(facts: Facts, version: Version, *, metadata: bool) -> None:
    """Warn of what the draft said of itself and the version with its content does not say."""
    unsaid = {
        "description": facts.description not in (None, version.description),
        "metadata": metadata and facts.metadata,
        "time to live": facts.ttl not in ("inherit", version.ttl),
    }
    kept = ", ".join(name for name, is_unsaid in unsaid.items() if is_unsaid)
    if kept:
        log.warning(
            "%s: the content is that of version v%s, so no new version was made, and that one "
            "keeps its %s", facts.name, version.number, kept,
        )  # fmt: skip


def _existing(workspace: Workspace, entity: str, project: str, name: str) -> CollectionState | None:
    try:
        return workspace.catalog.state(entity, project, name)
    except CollectionNotFound:
        return None


def _newest(
    workspace: Workspace, state: CollectionState, home: tuple[str, str, str]
) -> tuple[Version, Manifest] | None:
    """The newest live version's manifest: what a new version will mostly consist of."""
    version = view(workspace, state, home).newest()
    if version is None or version.source is not None:
        return None
    store = workspace.store
    return version, Manifest.restore(store.nodes, version.manifest, store.algorithm)


def _merged(base: Manifest, draft: Draft) -> Draft:
    """The base's entries with the draft's above them."""
    merged = Draft(base.algorithm, base)
    for entry in draft.entries():
        merged.put(entry, overwrite=True)
    return merged
