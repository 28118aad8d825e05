"""Artifact: one version of data, from an empty draft to a committed version and its end.

A face: each member says what it promises and hands on to the room that does the work. What it
holds is in `artifactstate`, what it is in `artifactabout`, what is in it in `artifactinside`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from wbart import names
from wbart.members.artifactinside import ArtifactInside
from wbart.members.artifactstate import Path
from wbart.ttl import ArtifactTTL
from wbart_storage.progress import Progress, silent
from wbart_storage.reading.fetch import LinkMode

if TYPE_CHECKING:
    from wbart.folders.plan import Plan
    from wbart.lineage.graph import Lineage
    from wbart.members.manifest_view import ArtifactManifest
    from wbart.report import VerifyReport
    from wbart.runs.publicrun import PublicRun
    from wbart_manifest.diff import Change


class Artifact(ArtifactInside):
    """A version of data: named files and references with one digest, in a line of versions.

    Make one, add to it, then log it in a run or `save()` it; or get one from `Api` or
    `Run.use_artifact`. Not safe to change from several threads at once.
    """

    TTL = ArtifactTTL

    @property
    def manifest(self) -> ArtifactManifest:
        """Its entries, as W&B's manifest object: a view that reads as it is asked."""
        from wbart.members.manifest_view import ArtifactManifest

        return ArtifactManifest(self)

    # Where it leads.

    @property
    def source_artifact(self) -> Artifact:
        """Itself, or what the link leads to."""
        from wbart.projects.linking import source

        at = self._at("source_artifact")
        return Artifact._of(source(at)) if at.is_link else self

    @property
    def linked_artifacts(self) -> list[Artifact]:
        """The memberships of portfolios that link to it; empty for a link."""
        from wbart.projects.linking import links

        return [Artifact._of(each) for each in links(self._at("linked_artifacts"))]

    # Files and folders.

    def file(self, root: str | None = None) -> str:
        """Download the only file and return its path. ValueError if there are several."""
        from wbart.folders.reading import only_file

        return only_file(self._at("file"), root)

    def download(
        self,
        root: Path | None = None,
        allow_missing_references: bool = False,
        skip_cache: bool | None = None,
        path_prefix: Path | None = None,
        multipart: bool | None = None,
        *,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        link: LinkMode | None = None,
        progress: Progress = silent,
    ) -> str:
        """Write its files below root, every byte checked, and return root.

        Other files there stay. include and exclude are globs over the paths.
        """
        from wbart.folders.download import Selection, download

        picked = Selection(os.fspath(path_prefix or ""), tuple(include), tuple(exclude))
        at, skip = self._at("download"), bool(skip_cache)
        return download(at, root, picked, allow_missing_references, link, progress, skip_cache=skip)

    def checkout(
        self,
        root: Path | None = None,
        *,
        force: bool = False,
        dry_run: bool = False,
        progress: Progress = silent,
    ) -> str:
        """Make root exactly its files: what else lies there is removed. Returns root.

        Raises FolderUnsafe for `/`, the home folder and a folder with `.git`, unless forced.
        """
        from wbart.folders.checkout import checkout

        at = self._at("checkout")
        return checkout(at, root, force=force, dry_run=dry_run, progress=progress)

    def checkout_plan(self, root: Path | None = None) -> Plan:
        """What `checkout` would write and remove."""
        from wbart.folders.checkout import checkout_plan

        return checkout_plan(self._at("checkout_plan"), root)

    def verify(
        self,
        root: Path | None = None,
        *,
        repair: bool = False,
        raises: bool = True,
        progress: Progress = silent,
    ) -> VerifyReport:
        """Read every file below root and compare; root is downloaded first if it is missing.

        Raises VerifyFailed (a ValueError, with the report) unless raises is off. repair writes
        what is missing or changed anew from the store.
        """
        from wbart.verifying.verify import verify

        at = self._at("verify")
        return verify(at, root, repair=repair, raises=raises, progress=progress)

    def verify_stored(
        self, *, repair_from: Path | None = None, progress: Progress = silent
    ) -> VerifyReport:
        """Read every blob of the version in the store itself and compare with its digest.

        What is damaged is healed from a folder, `cache`, or another store by its URL or root.
        """
        from wbart.verifying.stored import verify_stored

        return verify_stored(self._at("verify_stored"), repair_from, progress)

    def diff(self, other: Artifact) -> Iterator[Change]:
        """What changes from this version to the other, sorted by path."""
        from wbart_manifest.diff import diff

        return diff(self._at("diff").manifest, other._at("diff").manifest)

    # Life.

    def save(self, project: str | None = None, settings: object = None) -> None:
        """Log a draft (in the active run, else in one made for it); store a version's changes."""
        from wbart.drafts.changes import push_changes
        from wbart.recording.autorun import log_now

        if self._committed is None:
            log_now(self, project, settings)
        else:
            self._become(push_changes(self._committed, self._facts))

    def wait(self, timeout: float | None = None) -> Artifact:
        """Wait until logging has ended, at most timeout seconds. Raises WaitTimeoutError."""
        if self._landing is None:
            self._at("wait")
        else:
            self._landing.wait(timeout)
        return self

    def new_draft(self) -> Artifact:
        """A draft of the next version with these entries; cheap, whatever the size."""
        at = self._at("new_draft")
        draft = Artifact(at.source_place.collection, at.type)
        draft._facts.continue_from(self._facts, at)
        draft._filling.start_from(at)
        return draft

    def link(self, target_path: str, aliases: list[str] | None = None) -> Artifact:
        """Link it into a portfolio and return it as seen there; a draft is saved first."""
        from wbart.projects.linking import link

        wanted = names.aliases(aliases or [])
        if self.is_draft():
            self.save()
            self.wait()
        return Artifact._of(link(self._at("link"), target_path, wanted))

    def unlink(self) -> None:
        """Take it out of the portfolio where it was fetched. ValueError if it is no link."""
        from wbart.projects.linking import unlink

        unlink(self._at("unlink"))
        self._facts.state = "DELETED"

    def delete(self, delete_aliases: bool = False) -> None:
        """Put it into the trash; of a link, remove the link. CommError if aliases hold it."""
        from wbart.projects.removal import delete

        delete(self._at("delete"), delete_aliases)
        self._facts.state = "DELETED"

    def restore(self) -> None:
        """Take it out of the trash again."""
        from wbart.projects.removal import restore

        self._become(restore(self._at("restore")))

    def used_by(self) -> list[PublicRun]:
        """All runs that used it, through links too."""
        from wbart.lineage.lineage import used_by

        return used_by(self._at("used_by"))

    def logged_by(self) -> PublicRun | None:
        """The run that logged it first."""
        from wbart.lineage.lineage import logged_by

        return logged_by(self._at("logged_by"))

    def lineage(self, direction: str = "up", depth: int | None = None) -> Lineage:
        """The graph of runs and versions that it came from (up), that came of it (down), or both.

        depth is the most edges between it and any other node.
        """
        from wbart.lineage.walk import walk

        return walk(self._at("lineage"), direction, depth)
