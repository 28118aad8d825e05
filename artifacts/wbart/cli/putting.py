"""How local files become a version; what `put` and W&B's `artifact put` have in common."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wbart import names
from wbart import ttl as ttl_rules
from wbart.artifact import Artifact
from wbart.cli import words
from wbart.cli.call import Call
from wbart.cli.facts import version_facts
from wbart.cli.progress import Meter, meter
from wbart.cli.session import committed_of, home_of, load_settings, opened
from wbart.cli.stop import RESUMES, Interrupted
from wbart.drafts.saving import check_loggable
from wbart.errors import CollectionNotFound, RunNotFound
from wbart.recording.path import RunPath
from wbart.references.scrub import scrub
from wbart.refs.refpath import Ref
from wbart_storage.clock import SystemClock
from wbart_storage.errors import StoreMissing
from wbart_storage.staging.foreknown import Foreknown
from wbart_storage.store import is_local

if TYPE_CHECKING:
    from wbart.committed import Committed
    from wbart.settings.settings import Settings
    from wbart.workspace import Workspace

Home = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Sources:
    """What goes in: local paths, and URIs that are only referred to."""

    paths: tuple[str, ...]
    refs: tuple[str, ...]
    policy: str

    @classmethod
    def of(cls, given: tuple[str, ...], policy: str) -> Sources:
        """Tell paths from URIs. Raises FileNotFoundError for a path that is not there."""
        paths = tuple(text for text in given if "://" not in text)
        for path in paths:
            if not os.path.exists(path):
                raise FileNotFoundError(errno.ENOENT, "no such file or folder", path)
        return cls(paths, tuple(text for text in given if "://" in text), policy)

    def fill(self, artifact: Artifact, progress: Meter) -> None:
        """Add everything; one folder alone is the root, several paths keep their names."""
        alone = len(self.paths) + len(self.refs) == 1
        for path in self.paths:
            name = os.path.basename(os.path.abspath(path))
            if os.path.isdir(path):
                inside = None if alone else name
                artifact.add_dir(path, inside, policy=self.policy, progress=progress)
            else:
                artifact.add_file(path, name, policy=self.policy)
        for uri in self.refs:
            artifact.add_reference(uri)

    def lent(self, settings: Settings) -> tuple[str, ...]:
        """The paths whose large files are sent from where they lie, to a distant store."""
        return () if is_local(settings.store) or self.policy != "immutable" else self.paths

    def count(self) -> tuple[int, int]:
        """Files and bytes that would be stored; looks at no content."""
        sizes = [os.path.getsize(file) for path in self.paths for file in _files(path)]
        return len(sizes), sum(sizes)


@dataclass(frozen=True, slots=True)
class Labels:
    """What the version is called and says of itself."""

    name: str
    type: str
    aliases: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    description: str | None = None
    metadata: dict[str, object] | None = None
    ttl: str | None = None

    def draft(self, name: str) -> Artifact:
        """An empty draft with these labels; raises what the model says of bad ones."""
        artifact = Artifact(name, self.type, self.description, self.metadata)
        if self.ttl is not None:
            artifact.ttl = ttl_rules.parse(self.ttl)
        names.aliases(self.aliases)
        names.tags(self.tags)
        return artifact


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a put, as facts, as a line of the result, and in words."""

    facts: dict[str, object]
    name: str
    line: str
    told: str


def put(call: Call, sources: Sources, labels: Labels, run: str | None = None) -> Stored:
    """Store the sources as a version. Nothing but a committed version is ever visible."""
    target = Ref.parse_collection(labels.name)
    artifact = labels.draft(target.name)
    if run is not None:
        names.run_id(run)
    if call.dry_run:
        return _planned(call, sources, labels, target, artifact)
    try:
        settings = load_settings(call, target)
        with (
            Foreknown(sources.lent(settings)) as artifact._filling.foreknown,
            opened(call, target, create=True, settings=settings) as workspace,
        ):
            return _store(call, workspace, sources, labels, target, artifact, run)
    except KeyboardInterrupt:
        raise Interrupted(RESUMES) from None


def _store(
    call: Call,
    workspace: Workspace,
    sources: Sources,
    labels: Labels,
    target: Ref,
    artifact: Artifact,
    run: str | None,
) -> Stored:
    entity, project, name = home_of(workspace, target)
    check_loggable(artifact._facts, workspace, entity, project, labels.aliases, labels.tags)
    before = _version_count(workspace, (entity, project, name))
    artifact._filling.sends_early = before == 0
    clock = SystemClock()
    began = clock.monotonic()
    with meter(call) as progress:
        sources.fill(artifact, progress)
        artifact._save(
            workspace,
            entity,
            project,
            run=None if run is None else RunPath(entity, project, run),
            aliases=labels.aliases,
            tags=labels.tags,
            progress=progress,
        )
    at = committed_of(artifact)
    if run is not None:
        _tell_run(workspace, RunPath(entity, project, run), at)
    new = at.place.number >= before
    amount = f"{words.count(at.source.count, 'file')}, {words.size(at.source.size)}"
    took = words.duration(clock.monotonic() - began)
    return Stored(
        {**version_facts(at), "new": new},
        at.place.qualified_name,
        f"{at.place.qualified_name}  {amount}  {at.digest}",
        f"stored in {took}" if new else f"nothing changed: the content is that of {at.place.name}",
    )


def _tell_run(workspace: Workspace, path: RunPath, at: Committed) -> None:
    """Let the run know what it logged; one that is not in this store need not."""
    from wbart.lineage.edges import edge_of
    from wbart.recording.record import read_record
    from wbart.runs.editing import edit

    try:
        record = read_record(workspace.store.objects, path)
    except RunNotFound:
        return
    edge = edge_of(at)
    if edge.id not in record.logged:
        edit(workspace, record, {}, logged=(edge,))


def _planned(
    call: Call, sources: Sources, labels: Labels, target: Ref, artifact: Artifact
) -> Stored:
    try:
        with opened(call, target) as workspace:
            home = home_of(workspace, target)
            check_loggable(artifact._facts, workspace, *home[:2], labels.aliases, labels.tags)
    except StoreMissing:
        settings = load_settings(call, target)
        full = target.within(settings.entity or "default", settings.project)
        home = (str(full.entity), str(full.project), full.name)
    files, size = sources.count()
    name = "/".join(home)
    amount = f"{words.count(files, 'file')}, {words.size(size)}"
    facts = {
        "collection": name,
        "type": labels.type,
        "files": files,
        "size": size,
        "references": [scrub(uri) for uri in sources.refs],
        "dry_run": True,
    }
    return Stored(facts, name, f"{name}  {amount}", "nothing was stored: this was a dry run")


def _version_count(workspace: Workspace, home: Home) -> int:
    try:
        return len(workspace.catalog.state(*home).versions)
    except CollectionNotFound:
        return 0


def _files(path: str) -> list[str]:
    if not os.path.isdir(path):
        return [path]
    return [
        os.path.join(folder, name)
        for folder, _, inside in os.walk(path, followlinks=True)
        for name in inside
    ]
