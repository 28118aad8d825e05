"""Copy: versions, and all that belongs to them, from one store to another."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wbart.copying.content import Bringer, Brought
from wbart.copying.files import RunFiles
from wbart.copying.identity import Home
from wbart.copying.objects import Sent
from wbart.copying.record import Recorder
from wbart.copying.references import References
from wbart.copying.runs import Runs, users
from wbart.copying.target import open_target
from wbart.errors import ArgumentInvalid, Conflict, KindClash, SettingInvalid, TypeClash
from wbart.recording.path import RunPath
from wbart.recording.surroundings import open_workspace
from wbart.refs.loading import load, view
from wbart.refs.refpath import Ref
from wbart.settings import value as settings_value
from wbart_manifest.manifest import Manifest
from wbart_storage.progress import Progress, silent
from wbart_storage.store import is_local

if TYPE_CHECKING:
    from wbart.artifact import Artifact
    from wbart.committed import Committed
    from wbart.fold.state import Version
    from wbart.workspace import Workspace

_LEAST_JOBS = 8
"""Copying waits for networks, not for cores."""


@dataclass(frozen=True, slots=True)
class CopiedVersion:
    """One version, as the target has it now."""

    source: str
    """Its qualified name where it came from."""
    qualified_name: str
    digest: str
    new: bool
    """Whether the target did not have it before."""
    sent: Sent
    aliases: tuple[str, ...]
    """Those that it got, `latest` apart."""
    aliases_kept: Mapping[str, str]
    """Those that it did not get, and the version of the target that keeps them."""


@dataclass(slots=True)
class Copied:
    """What a copy did, or in a dry run would do."""

    versions: list[CopiedVersion] = field(default_factory=list)
    objects: int = 0
    """Objects that travelled: packs, files, nodes, records of runs."""
    size: int = 0
    """Their bytes."""
    runs: int = 0
    warnings: list[str] = field(default_factory=list)

    def add(self, sent: Sent) -> None:
        """Count what travelled."""
        self.objects += sent.objects
        self.size += sent.size


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a copy is asked to do besides copying."""

    name: str | None = None
    keep_numbers: bool = False
    overwrite_aliases: bool = False
    with_references: bool = False
    lineage: bool = True
    dry_run: bool = False


def copy(
    ref: str | Ref | Artifact,
    store: str | os.PathLike[str],
    *,
    name: str | None = None,
    all_versions: bool = False,
    create: bool = False,
    overwrite_aliases: bool = False,
    with_references: bool = False,
    lineage: bool = True,
    dry_run: bool = False,
    source: str | os.PathLike[str] | None = None,
    settings: Any = None,
    storage_options: Mapping[str, object] | None = None,
    progress: Progress = silent,
) -> Copied:
    """Copy a version, or all live versions of a collection, into the store at a path or URL.

    Only what is missing there travels, and the same copy again changes nothing. name is
    `[[entity/]project/]name` at the target, that of the source where it says nothing; create makes
    the store if there is none; lineage brings the runs that logged and used the versions.
    storage_options are the target's. source and settings say, as for `Api`, where to copy from.
    Raises StoreMissing, Conflict for a version that is deleted or expired at the target, TypeClash,
    KindClash, BlobCorrupt for bytes that are not what their names say: those never reach it.
    """
    url = _url("to", store)
    origin, found = _chosen(ref, all_versions, source, settings)
    target = open_target(origin, url, storage_options, create=create, dry_run=dry_run)
    wishes = Wishes(name, all_versions, overwrite_aliases, with_references, lineage, dry_run)
    return Copying(origin, target, wishes, progress).run(found)


class Copying:
    """One copy under way."""

    def __init__(
        self, source: Workspace, target: Workspace, wishes: Wishes, progress: Progress
    ) -> None:
        jobs = source.settings.jobs or max(_LEAST_JOBS, source.jobs)
        self._source = source
        self._target = target
        self._wishes = wishes
        self._bringer = Bringer(
            source.store, target.store, jobs=jobs, dry_run=wishes.dry_run, progress=progress
        )
        files = RunFiles(source.store, target.store, jobs=jobs, dry_run=wishes.dry_run)
        self._runs = Runs(source.store.objects, target.store.objects, files, dry_run=wishes.dry_run)
        self._users = users(source) if wishes.lineage else {}
        self._references = References(source, target)
        self._seen: set[tuple[str, Home]] = set()
        self._copied = Copied()

    def run(self, versions: Iterable[Committed]) -> Copied:
        """Copy them, each whole before the next, so that what is broken off can be gone on with."""
        for at in versions:
            home = named(at.source_place.home, self._wishes.name)
            self._copy(at, home, keep_numbers=self._wishes.keep_numbers)
        self._copied.runs = self._runs.copied
        for path in self._runs.strangers:
            self._warn(f"the target has another run {path}: that of the source was not copied")
        for path in self._runs.bare:
            self._warn(f"files of run {path} were not copied: the target has other digests")
        return self._copied

    def _copy(self, at: Committed, home: Home, *, keep_numbers: bool) -> None:
        if (at.source.id, home) in self._seen:
            return
        recorder = Recorder(
            self._target, home, keep_numbers, self._wishes.overwrite_aliases, self._wishes.dry_run
        )
        try:
            known = recorder.find(at)
        except Conflict as error:
            if not keep_numbers:
                raise
            self._warn(str(error))  # one of many, which somebody deleted on purpose
            return
        self._seen.add((at.source.id, home))  # not before: what is refused is refused each time
        self._write(at, recorder, known)

    def _write(self, at: Committed, recorder: Recorder, known: Version | None) -> None:
        brought = self._brought(at, recorder, known)
        self._follow(at, self._references_of(at, brought.manifest))
        if self._wishes.lineage:
            self._copied.add(self._runs.copy(self._runs_of(at)))
        recorded = recorder.record(at, brought.manifest)
        collection = recorder.place(recorded.collection)
        place = f"{collection}:v{recorded.number}"
        number = at.source_place.number
        if recorded.new and recorder.keep_numbers and recorded.number != number:
            self._warn(
                f"{at.source_place.qualified_name} is {place} at the target: v{number} is taken"
            )
        kept = {alias: f"v{number}" for alias, number in recorded.aliases_kept.items()}
        for alias, version in kept.items():
            self._warn(f"the alias {alias!r} stays on {version} of {collection}")
        self._copied.add(brought.sent)
        self._copied.versions.append(
            CopiedVersion(
                at.source_place.qualified_name,
                place,
                str(brought.manifest.digest),
                recorded.new,
                brought.sent,
                recorded.aliases,
                kept,
            )
        )

    def _brought(self, at: Committed, recorder: Recorder, known: Version | None) -> Brought:
        """The version's content at the target, which may have been there before."""
        if known is None:
            return self._bringer.bring(at.source.manifest, recorder.base())
        store = self._target.store
        return Brought(Manifest.restore(store.nodes, known.manifest, store.algorithm), Sent())

    def _runs_of(self, at: Committed) -> list[RunPath]:
        """The run that logged the version, and those that used it, under whatever id."""
        said = at.source.logged_by
        found = [RunPath.from_json(said)] if said else []
        ids = {at.source.id, at.source.origin.id if at.source.origin else at.source.id}
        return [*found, *(path for id_ in ids for path in self._users.get(id_, ()))]

    def _references_of(self, at: Committed, there: Manifest) -> frozenset[str]:
        """The artifacts that the version refers to, read on this machine where that is possible."""
        here = at.manifest
        if is_local(self._target.settings.store) and not is_local(self._source.settings.store):
            return self._references.of(there, here)
        return self._references.of(here, there)

    def _follow(self, at: Committed, references: Iterable[str]) -> None:
        """Copy the artifacts that the version refers to, or tell which the target lacks.

        Nobody asked for these by name, so that one cannot be had never stops the version.
        """
        for name in sorted(references):
            meant = self._references.meant(name)
            if meant is not None and self._wishes.with_references:
                trouble = self._copy_along(meant)
            else:
                trouble = "" if self._references.is_at_target(name) else _absence(meant)
            if trouble:
                refers_to = meant.source_place.qualified_name if meant else f"artifact {name}"
                self._warn(f"{at.source_place.qualified_name} refers to {refers_to}, {trouble}")

    def _copy_along(self, meant: Committed) -> str:
        """Copy a version that another refers to; what stood against it, else nothing."""
        try:
            self._copy(meant, meant.source_place.home, keep_numbers=False)
        except (Conflict, TypeClash, KindClash) as error:
            return f"which was not copied: {error}"
        return ""

    def _warn(self, text: str) -> None:
        if text not in self._copied.warnings:
            self._copied.warnings.append(text)


def _absence(meant: Committed | None) -> str:
    return "which is not at the target" if meant else "which neither store has"


def named(home: Home, name: str | None) -> Home:
    """The collection at the target: that of the source, but for what name says."""
    if name is None:
        return home
    full = Ref.parse_collection(name).within(home[0], home[1])
    return full.entity or home[0], full.project or home[1], full.name


def _url(way: str, store: str | os.PathLike[str]) -> str:
    try:
        return settings_value.store(store, Path.cwd())
    except ValueError as error:
        raise SettingInvalid(f"the store to copy {way}: {error}") from error


def _chosen(
    ref: str | Ref | Artifact,
    all_versions: bool,
    source: str | os.PathLike[str] | None,
    settings: object,
) -> tuple[Workspace, list[Committed]]:
    """Where to copy from, and what. Raises ArtifactNotFound, CollectionNotFound, RefInvalid."""
    if not isinstance(ref, str | Ref):
        at = ref._at("copy")
        return at.workspace, _all(at.workspace, at.place.home) if all_versions else [at]
    meant = Ref.parse(ref) if isinstance(ref, str) else ref
    where = meant.store if source is None else _url("from", source)
    workspace = open_workspace(where, None, None, settings)
    if meant.path is not None:
        raise ArgumentInvalid(f"a whole version is copied, not a #PATH: {str(ref)!r}")
    if not all_versions:
        return workspace, [load(workspace, replace(meant, store=None))]
    full = Ref.parse_collection(str(replace(meant, store=None)))
    full = full.within(workspace.entity, workspace.project)
    return workspace, _all(workspace, (str(full.entity), str(full.project), full.name))


def _all(workspace: Workspace, home: Home) -> list[Committed]:
    """The live versions of a collection, oldest first; those of a portfolio are their sources."""
    from wbart.committed import committed

    state = workspace.catalog.state(*home)
    live = list(view(workspace, state, home).live())[::-1]
    found = [committed(workspace, *home, version.number, state) for version in live]
    return [at for at in found if at.source.live]
