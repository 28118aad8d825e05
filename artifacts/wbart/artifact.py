"""Artifact: one version of data, from an empty draft to a committed version and its end.

A face: each member says what it promises and hands on to the room that does the work.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import IO, TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar
from weakref import finalize

from wbart import names
from wbart.entry import ArtifactManifestEntry
from wbart.errors import ArtifactFinalizedError, ArtifactNotLoggedError
from wbart.facts import Facts
from wbart.ttl import ArtifactTTL
from wbart_storage.fetch import LinkMode
from wbart_storage.progress import Progress, silent

if TYPE_CHECKING:
    from wbart.collection import ArtifactCollection
    from wbart.committed import Committed
    from wbart.content import Content
    from wbart.file import ArtifactFiles
    from wbart.landing import Landing
    from wbart.lineagegraph import Lineage
    from wbart.manifest_view import ArtifactManifest
    from wbart.plan import Plan
    from wbart.publicrun import PublicRun
    from wbart.report import VerifyReport
    from wbart.runpath import RunPath
    from wbart.saving import Loggable
    from wbart.workspace import Workspace
    from wbart_manifest.diff import Change
    from wbart_manifest.entry import Entry

P = ParamSpec("P")
R = TypeVar("R")
_Method = Callable[Concatenate["Artifact", P], R]
Path = str | os.PathLike[str]


def _open(method: _Method[P, R]) -> _Method[P, R]:
    """Refuse with ArtifactFinalizedError once the content is fixed."""

    def checked(self: Artifact, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if self._final:
            raise ArtifactFinalizedError(f"Artifact.{method.__name__}", self)
        return method(self, *args, **kwargs)

    checked.__name__, checked.__doc__ = method.__name__, method.__doc__
    return checked


class Artifact:
    """A version of data: named files and references with one digest, in a line of versions.

    Make one, add to it, then log it in a run or `save()` it; or get one from `Api` or
    `Run.use_artifact`. Not safe to change from several threads at once.
    """

    TTL = ArtifactTTL

    def __init__(
        self,
        name: str,
        type: str,
        description: str | None = None,
        metadata: dict[str, Any] | str | None = None,
        incremental: bool = False,
        use_as: str | None = None,
        storage_region: str | None = None,
        digest_algorithm: str | None = None,
    ) -> None:
        """Begin a draft. Raises ValueError or TypeError for what cannot be logged later."""
        from wbart.content import Content
        from wbart.second import wandb_digests
        from wbart.surroundings import current, current_algorithm, default_digest_algorithm

        self._facts = Facts.of(
            name, type, description, metadata, incremental, use_as, storage_region
        )
        if digest_algorithm is None:
            digest_algorithm = default_digest_algorithm()
        digests = wandb_digests(digest_algorithm)
        self._content: Content | None = Content(current, current_algorithm, digests)
        self._finalizer: finalize[[], Artifact] | None = finalize(self, self._content.abandon)
        self._committed: Committed | None = None
        self._landing: Landing | None = None
        self._final = False

    # What is known from the start.

    @property
    def name(self) -> str:
        """`collection` before logging, `collection:v3` after: where it was fetched."""
        return self._committed.place.name if self._committed else self._facts.name

    @property
    def source_name(self) -> str:
        """As `name`, in the sequence that the version was logged into."""
        return self._committed.source_place.name if self._committed else self._facts.name

    @property
    def type(self) -> str:
        """The type of its collection."""
        return self._facts.type

    @property
    def id(self) -> str | None:
        """Its identity, the same through every link; None before logging."""
        return self._committed.source.id if self._committed else None

    @property
    def description(self) -> str | None:
        """Free Markdown text; settable, and stored by `save()`."""
        return self._facts.description

    @description.setter
    def description(self, description: str | None) -> None:
        self._facts.description = description

    @property
    def metadata(self) -> dict[str, Any]:
        """At most 100 keys of JSON values; the live dict, checked again when it is stored."""
        return self._facts.metadata

    @metadata.setter
    def metadata(self, metadata: dict[str, Any]) -> None:
        self._facts.set_metadata(metadata)

    @property
    def incremental(self) -> bool:
        """Whether logging adds to the newest version's files instead of replacing them."""
        return self._facts.incremental

    @property
    def use_as(self) -> None:
        """Always None; kept for scripts that read it."""
        return None

    @property
    def distributed_id(self) -> str | None:
        """What several writers of one version share; settable."""
        return self._facts.distributed_id

    @distributed_id.setter
    def distributed_id(self, distributed_id: str | None) -> None:
        self._facts.distributed_id = distributed_id

    @property
    def ttl(self) -> timedelta | None:
        """How long after `created_at` it lives; None for ever. Settable, also to INHERIT.

        Raises ArtifactNotLoggedError while it is inherited and not logged.
        """
        return self._facts.shown_ttl(self)

    @ttl.setter
    def ttl(self, ttl: timedelta | ArtifactTTL | None) -> None:
        self._facts.set_ttl(ttl, is_link=self.is_link)

    @property
    def state(self) -> str:
        """PENDING, COMMITTED, DELETED, or GARBAGE_COLLECTED when its content is gone for good."""
        return self._facts.state

    def is_draft(self) -> bool:
        """Whether it is not committed yet."""
        return self.state == "PENDING"

    @property
    def is_link(self) -> bool:
        """Whether it was fetched through a portfolio."""
        return self._committed is not None and self._committed.is_link

    @property
    def manifest(self) -> ArtifactManifest:
        """Its entries, as W&B's manifest object: a view that reads as it is asked."""
        from wbart.manifest_view import ArtifactManifest

        return ArtifactManifest(self)

    @property
    def digest(self) -> str:
        """The digest of the whole content; the same content has the same digest."""
        from wbart.digests import draft_digest

        return self._committed.digest if self._committed else draft_digest(self._filling)

    @property
    def size(self) -> int:
        """Bytes of all entries, references included."""
        manifest = self._committed.manifest if self._committed else self._filling.manifest()
        return manifest.size

    # What is known after logging.

    @property
    def entity(self) -> str:
        """The entity where it was fetched."""
        return self._at("entity").place.entity

    @property
    def project(self) -> str:
        """The project where it was fetched."""
        return self._at("project").place.project

    @property
    def version(self) -> str:
        """`v3`, in the collection where it was fetched."""
        return self._at("version").place.version

    @property
    def qualified_name(self) -> str:
        """`entity/project/collection:v3` where it was fetched."""
        return self._at("qualified_name").place.qualified_name

    @property
    def source_entity(self) -> str:
        """The entity of its sequence."""
        return self._at("source_entity").source_place.entity

    @property
    def source_project(self) -> str:
        """The project of its sequence."""
        return self._at("source_project").source_place.project

    @property
    def source_version(self) -> str:
        """`v3`, in its sequence."""
        return self._at("source_version").source_place.version

    @property
    def source_qualified_name(self) -> str:
        """`entity/project/collection:v3` in its sequence."""
        return self._at("source_qualified_name").source_place.qualified_name

    @property
    def collection(self) -> ArtifactCollection:
        """The collection where it was fetched."""
        from wbart.collection import ArtifactCollection

        at = self._at("collection")
        return ArtifactCollection.at(at.workspace, *at.place.home)

    @property
    def source_collection(self) -> ArtifactCollection:
        """The sequence that it was logged into."""
        from wbart.collection import ArtifactCollection

        at = self._at("source_collection")
        return ArtifactCollection.at(at.workspace, *at.source_place.home)

    @property
    def source_artifact(self) -> Artifact:
        """Itself, or what the link leads to."""
        from wbart.linking import source

        at = self._at("source_artifact")
        return Artifact._of(source(at)) if at.is_link else self

    @property
    def linked_artifacts(self) -> list[Artifact]:
        """The memberships of portfolios that link to it; empty for a link."""
        from wbart.linking import links

        return [Artifact._of(each) for each in links(self._at("linked_artifacts"))]

    @property
    def linked_at(self) -> str | None:
        """When it was linked, RFC 3339; None for a source."""
        return self._at("linked_at").linked_at

    @property
    def aliases(self) -> list[str]:
        """Names that point to it where it was fetched; assign or edit, then `save()`."""
        self._at("aliases")
        return self._facts.aliases

    @aliases.setter
    def aliases(self, aliases: list[str]) -> None:
        self._at("aliases")
        self._facts.aliases = names.aliases(aliases)

    @property
    def tags(self) -> list[str]:
        """Labels of the version, shared by its links; assign or edit, then `save()`."""
        self._at("tags")
        return self._facts.tags

    @tags.setter
    def tags(self, tags: list[str]) -> None:
        self._at("tags")
        self._facts.tags = names.tags(tags)

    @property
    def commit_hash(self) -> str:
        """The digest that the version was committed under, as hexadecimal."""
        return self._at("commit_hash").source.digest.partition(":")[2]

    @property
    def file_count(self) -> int:
        """Entries, references included."""
        return self._at("file_count").manifest.count

    @property
    def created_at(self) -> str:
        """When it was committed: RFC 3339, UTC."""
        return self._at("created_at").created_at

    @property
    def updated_at(self) -> str:
        """When it was last changed, or else created: RFC 3339, UTC."""
        return self._at("updated_at").updated_at

    @property
    def expires_at(self) -> str | None:
        """When its TTL ends it, RFC 3339; None for never."""
        return self._at("expires_at").expires_at

    @property
    def history_step(self) -> int | None:
        """The run's step before it was logged; None when nothing had been logged."""
        step = self._at("history_step").source.history_step
        return None if step is None else max(0, step - 1)

    @property
    def url(self) -> str:
        """Where a browser would show it; empty, since there is no server."""
        self._at("url")
        return ""

    # Content.

    @_open
    def add_file(
        self,
        local_path: Path,
        name: str | None = None,
        is_tmp: bool | None = False,
        skip_cache: bool | None = False,
        policy: str | None = "mutable",
        overwrite: bool = False,
    ) -> ArtifactManifestEntry:
        """Add a file as it is now. Raises ValueError for no file or a path taken otherwise."""
        return self._shown(
            self._filling.add_file(
                local_path, name, is_tmp=bool(is_tmp), policy=policy, overwrite=overwrite
            )
        )

    @_open
    def add_dir(
        self,
        local_path: Path,
        name: str | None = None,
        skip_cache: bool | None = False,
        policy: str | None = "mutable",
        merge: bool = False,
        *,
        progress: Progress = silent,
    ) -> None:
        """Add all files below a folder; merge replaces what is there, else that is an error."""
        self._filling.add_dir(local_path, name, policy=policy, merge=merge, progress=progress)

    @_open
    def add_reference(
        self,
        uri: str | ArtifactManifestEntry,
        name: str | None = None,
        checksum: bool = True,
        max_objects: int | None = None,
    ) -> Sequence[ArtifactManifestEntry]:
        """Refer to bytes that stay where they are. A folder becomes one entry for each file."""
        from wbart.referring import add_reference

        entries = add_reference(self._filling, uri, name, checksum, max_objects)
        return [self._shown(entry) for entry in entries]

    @_open
    def new_file(
        self,
        name: str,
        mode: str = "x",
        encoding: str | None = None,
        policy: str | None = "mutable",
    ) -> IO[Any]:
        """Open a new file to write to; closing it adds it, an error in its `with` does not."""
        from wbart.newfile import new_file

        return new_file(self._filling, name, mode, encoding, self._check_open)

    @_open
    def remove(self, item: Path | ArtifactManifestEntry) -> None:
        """Remove an entry, or all below a folder. Raises FileNotFoundError for neither."""
        from wbart.referring import item_path

        self._filling.remove(item_path(item))

    def finalize(self) -> None:
        """Fix the content; logging does it too."""
        self._final = True

    def get_added_local_path_name(self, local_path: str) -> str | None:
        """The path under which a local file was added; None if it was not."""
        return self._content.local_name(local_path) if self._content is not None else None

    def get_entry(self, name: Path) -> ArtifactManifestEntry:
        """The entry of a path. Raises KeyError."""
        return self._shown(self._at("get_entry").entry(name))

    def get_path(self, name: Path) -> ArtifactManifestEntry:
        """Deprecated: use `get_entry`."""
        from wbart.reading import warn_get_path

        warn_get_path()
        return self.get_entry(name)

    def file(self, root: str | None = None) -> str:
        """Download the only file and return its path. ValueError if there are several."""
        from wbart.reading import only_file

        return only_file(self._at("file"), root)

    def files(
        self, names: list[str] | None = None, per_page: int = 50, start: str | None = None
    ) -> ArtifactFiles:
        """Its files, a page at a time; names picks some."""
        from wbart.file import ArtifactFiles

        at = self._at("files")
        return ArtifactFiles(at, self._shown, names, per_page, start)

    def json_encode(self) -> dict[str, Any]:
        """What stands for it in a run's config."""
        at = self._at("json_encode")
        return {
            "_type": "artifactVersion",
            "_version": "v0",
            "id": self.id,
            "version": at.source_place.version,
            "sequenceName": at.source_place.collection,
            "usedAs": None,
        }

    # Files and folders.

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
        from wbart.download import Selection, download

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
        from wbart.checkout import checkout

        at = self._at("checkout")
        return checkout(at, root, force=force, dry_run=dry_run, progress=progress)

    def checkout_plan(self, root: Path | None = None) -> Plan:
        """What `checkout` would write and remove."""
        from wbart.checkout import checkout_plan

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
        from wbart.verify import verify

        at = self._at("verify")
        return verify(at, root, repair=repair, raises=raises, progress=progress)

    def verify_stored(
        self, *, repair_from: Path | None = None, progress: Progress = silent
    ) -> VerifyReport:
        """Read every blob of the version in the store itself and compare with its digest.

        What is damaged is healed from a folder, `cache`, or another store by its URL or root.
        """
        from wbart.verify_stored import verify_stored

        return verify_stored(self._at("verify_stored"), repair_from, progress)

    def diff(self, other: Artifact) -> Iterator[Change]:
        """What changes from this version to the other, sorted by path."""
        from wbart_manifest.diff import diff

        return diff(self._at("diff").manifest, other._at("diff").manifest)

    # Life.

    def save(self, project: str | None = None, settings: object = None) -> None:
        """Log a draft (in the active run, else in one made for it); store a version's changes."""
        from wbart.autorun import log_now
        from wbart.changes import push_changes

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
        from wbart.linking import link

        wanted = names.aliases(aliases or [])
        if self.is_draft():
            self.save()
            self.wait()
        return Artifact._of(link(self._at("link"), target_path, wanted))

    def unlink(self) -> None:
        """Take it out of the portfolio where it was fetched. ValueError if it is no link."""
        from wbart.linking import unlink

        unlink(self._at("unlink"))
        self._facts.state = "DELETED"

    def delete(self, delete_aliases: bool = False) -> None:
        """Put it into the trash; of a link, remove the link. CommError if aliases hold it."""
        from wbart.removal import delete

        delete(self._at("delete"), delete_aliases)
        self._facts.state = "DELETED"

    def restore(self) -> None:
        """Take it out of the trash again."""
        from wbart.removal import restore

        self._become(restore(self._at("restore")))

    def used_by(self) -> list[PublicRun]:
        """All runs that used it, through links too."""
        from wbart.lineage import used_by

        return used_by(self._at("used_by"))

    def logged_by(self) -> PublicRun | None:
        """The run that logged it first."""
        from wbart.lineage import logged_by

        return logged_by(self._at("logged_by"))

    def lineage(self, direction: str = "up", depth: int | None = None) -> Lineage:
        """The graph of runs and versions that it came from (up), that came of it (down), or both.

        depth is the most edges between it and any other node.
        """
        from wbart.lineagewalk import walk

        return walk(self._at("lineage"), direction, depth)

    def __repr__(self) -> str:
        return f"<Artifact {self.id or self._facts.name}>"

    # For the other rooms of this house.

    @classmethod
    def _of(cls, found: Committed) -> Artifact:
        """The artifact of a committed version."""
        artifact = cls.__new__(cls)
        artifact._content = None
        artifact._finalizer = None
        artifact._landing = None
        artifact._facts = Facts.of_committed(found)
        artifact._committed = found
        artifact._final = True
        return artifact

    def _become(self, found: Committed) -> None:
        """Take on what the store says now."""
        self._facts = Facts.of_committed(found, self._facts)
        self._committed = found
        self._final = True
        self._landing = None
        if self._content is not None:
            self._content.close()

    def _check_open(self) -> None:
        if self._final:
            raise ArtifactFinalizedError("Artifact.new_file", self)

    def _land(self, found: Committed) -> None:
        """As `_become`, of a draft that was logged; once."""
        if self._committed is None:
            self._become(found)

    def _begin(self, landing: Landing) -> None:
        """Remember the logging that `wait` waits for."""
        self._final = True
        self._landing = landing

    def _save(
        self,
        workspace: Workspace,
        entity: str,
        project: str,
        *,
        run: RunPath | None = None,
        aliases: Sequence[str] = (),
        tags: Sequence[str] = (),
        progress: Progress = silent,
    ) -> None:
        """Log the draft at once, as `save_draft` does, and be the version."""
        from wbart.saving import save_draft

        self._final = True
        self._become(
            save_draft(
                self._loggable, workspace, entity, project, run=run, aliases=aliases, tags=tags,
                progress=progress,
            )
        )  # fmt: skip

    @property
    def _loggable(self) -> Loggable:
        from wbart.saving import Loggable

        return Loggable(self._facts, self._filling)

    def _at(self, member: str) -> Committed:
        if self._committed is None:
            raise ArtifactNotLoggedError(f"Artifact.{member}", self)
        return self._committed

    @property
    def _workspace(self) -> Workspace:
        from wbart.surroundings import current

        return self._committed.workspace if self._committed is not None else current()

    @property
    def _filling(self) -> Content:
        assert self._content is not None, "a draft has content"
        return self._content

    def _shown(self, entry: Entry) -> ArtifactManifestEntry:
        from wbart.entry import shown_entry

        at = self._committed
        algorithm = at.manifest.algorithm if at else self._filling.draft.algorithm
        return shown_entry(entry, algorithm, self)

    def _download_entry(self, path: str, root: Path | None, skip_cache: bool | None) -> str:
        from wbart.reading import download_entry

        return download_entry(self._at("download"), path, root)

    def _entry_url(self, path: str) -> str:
        return self._at("ref_url").entry_url(path)
