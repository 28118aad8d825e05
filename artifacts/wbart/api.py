"""Api: everything that is in a store, for scripts outside of runs."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from wbart import frompath, jobs, names, people, project, queues
from wbart.artifact import Artifact
from wbart.collectionversions import Artifacts
from wbart.errors import ArgumentInvalid, NotFound, TypeClash, UnsupportedError
from wbart.jobs import Job
from wbart.loading import load
from wbart.project import (
    ArtifactCollections,
    ArtifactType,
    ArtifactTypes,
    Project,
    Projects,
    find_type,
)
from wbart.queues import RunQueue
from wbart.recording import path as runpath
from wbart.recording.surroundings import open_workspace
from wbart.refpath import Ref
from wbart.registry import registry
from wbart.registry.listing import Registries
from wbart.reports import BetaReport, Reports
from wbart.runs import runs
from wbart.runs.listing import Runs
from wbart.runs.publicrun import PublicRun
from wbart.sweeps import sweeps
from wbart.version import TOOL

if TYPE_CHECKING:
    from wbart.collection import ArtifactCollection
    from wbart.people import Team, User
    from wbart.registry.registry import Registry
    from wbart.settings import Settings
    from wbart.sweeps.sweeps import Sweep
    from wbart.workspace import Workspace


class Api:
    """Reads a store, always fresh. Errors about names and things are CommError and ValueError both.

    Names without an entity or a project have those of overrides (`{"entity":, "project":}`), of
    the active run, or of the surroundings.
    """

    def __init__(
        self,
        overrides: Mapping[str, Any] | None = None,
        timeout: int | None = None,
        api_key: str | None = None,
        *,
        store: str | os.PathLike[str] | None = None,
        settings: Settings | Mapping[str, object] | None = None,
    ) -> None:
        """Nothing is opened yet. timeout and api_key are W&B's, and mean nothing here."""
        self._overrides = dict(overrides or {})
        self._store = store
        self._given = settings

    @classmethod
    def _within(cls, workspace: Workspace) -> Api:
        """One over a workspace that is open."""
        api = cls()
        api._workspace = workspace
        return api

    @cached_property
    def _workspace(self) -> Workspace:
        said = self._overrides
        return open_workspace(self._store, said.get("entity"), said.get("project"), self._given)

    @property
    def default_entity(self) -> str:
        """The entity of names that have none."""
        return self._workspace.entity

    @property
    def settings(self) -> dict[str, Any]:
        """Entity, project and store that apply, and what else overrides said."""
        found = self._workspace
        applied = {"entity": found.entity, "project": found.project, "store": found.store.url}
        return {"base_url": None, "organization": None, "run": None, **self._overrides, **applied}

    @property
    def api_key(self) -> str | None:
        """None: a store has its own credentials."""
        return None

    @property
    def client(self) -> NoReturn:
        """Raises UnsupportedError: there is no server to send queries to."""
        raise UnsupportedError("api.client speaks to W&B's server; ask the Api itself")

    @property
    def user_agent(self) -> str:
        """What writes to the store: name and version."""
        return TOOL

    def flush(self) -> None:
        """Do nothing: what is asked is always read anew. Kept for scripts that call it."""

    # Artifacts.

    def artifact(self, name: str, type: str | None = None) -> Artifact:
        """The version that `[[entity/]project/]name[:alias]`, or any reference, names.

        Raises ArtifactNotFound, and TypeClash when it has another type than the one asked for.
        """
        if not name:
            raise ArgumentInvalid("You must specify name= to fetch an artifact.")
        return Artifact._of(load(self._workspace, name, type))

    def artifact_exists(self, name: str, type: str | None = None) -> bool:
        """Whether `artifact` would find it; a store that does not answer still raises."""
        try:
            self.artifact(name, type)
        except (NotFound, TypeClash, ArgumentInvalid):
            return False
        return True

    def artifacts(
        self,
        type_name: str,
        name: str,
        order: str | None = None,
        per_page: int | None = None,
        tags: str | Sequence[str] | None = None,
        start: str | None = None,
    ) -> Artifacts:
        """The versions of a collection, newest first. An order without a sign is ascending.

        Orders are `version_index`, `created_at`, `updated_at` and `size`; tags are those that a
        version must have all of.
        """
        found = self.artifact_collection(type_name, name)
        home = found.entity, found.project, found.name
        return Artifacts(
            self._workspace,
            home,
            Artifact._of,
            order=order,
            tags=tags,
            per_page=per_page,
            start=start,
        )

    def artifact_versions(
        self, type_name: str, name: str, per_page: int | None = None
    ) -> Artifacts:
        """Deprecated: use `artifacts`."""
        warnings.warn(
            "Api.artifact_versions() is deprecated, use Api.artifacts() instead",
            DeprecationWarning,
            stacklevel=2,
        )
        return self.artifacts(type_name, name, per_page=per_page)

    # Collections and types.

    def artifact_collection(self, type_name: str, name: str) -> ArtifactCollection:
        """The collection `[[entity/]project/]name`. Raises CollectionNotFound, RefInvalid.

        A collection of another type is not found.
        """
        at = self._workspace
        ref = Ref.parse_collection(name).within(at.entity, at.project, at.organization)
        home = ArtifactType(self._workspace, str(ref.entity), str(ref.project), type_name)
        return home.collection(ref.name)

    def artifact_collection_exists(self, name: str, type: str) -> bool:
        """Whether `artifact_collection` would find it."""
        try:
            self.artifact_collection(type, name)
        except (NotFound, ArgumentInvalid):
            return False
        return True

    def artifact_collections(
        self,
        project_name: str | None,
        type_name: str,
        per_page: int | None = None,
        filters: Mapping[str, Any] | None = None,
        order: str | None = None,
        start: str | None = None,
    ) -> ArtifactCollections:
        """The collections of a type in a project, portfolios included, by name.

        Mongo-style filters know `name`, `tag`, `description` and the times. Orders are `name`,
        `created_at` and `updated_at`; one without a sign is ascending.
        """
        entity, project = self._project(project_name)
        return ArtifactCollections(
            self._workspace,
            entity,
            project,
            type_name,
            filters=filters,
            order=order,
            per_page=per_page,
            start=start,
        )

    def artifact_type(self, type_name: str, project: str | None = None) -> ArtifactType:
        """A type in a project. Raises TypeNotFound, ProjectNotFound."""
        return find_type(self._workspace, *self._project(project), type_name)

    def artifact_types(self, project: str | None = None, start: str | None = None) -> ArtifactTypes:
        """The types of the collections of a project."""
        return ArtifactTypes(self._workspace, *self._project(project), start=start)

    # Registries.

    def registries(
        self,
        organization: str | None = None,
        filter: Mapping[str, Any] | None = None,
        order: str | None = None,
        per_page: int | None = None,
        start: str | None = None,
    ) -> Registries:
        """The registries of an organisation; filters and orders are those of `Registries`."""
        given = organization or self._overrides.get("organization")
        return Registries(self._workspace, given, filter, order, per_page, start)

    def registry(self, name: str, organization: str | None = None) -> Registry:
        """The registry of this name, with its prefix or without. Raises ProjectNotFound."""
        given = organization or self._overrides.get("organization")
        return registry.find(self._workspace, given, name)

    def create_registry(
        self,
        name: str,
        visibility: str = "organization",
        organization: str | None = None,
        description: str | None = None,
        artifact_types: Sequence[str] | None = None,
    ) -> Registry:
        """A new registry; it takes artifacts of every type unless some are named.

        Raises NameTaken, NameInvalid, ArgumentInvalid (ValueErrors all).
        """
        given = organization or self._overrides.get("organization")
        return registry.create(
            self._workspace, given, name, visibility, description, artifact_types
        )

    # Projects, runs and sweeps.

    def project(self, name: str, entity: str | None = None) -> Project:
        """The project of that name, which need not hold anything yet."""
        return Project(self._workspace, self._entity(entity), names.project(name))

    def projects(self, entity: str | None = None, per_page: int | None = None) -> Projects:
        """The projects of an entity."""
        return Projects(self._workspace, self._entity(entity), per_page)

    def create_project(self, name: str, entity: str | None = None) -> None:
        """Make a project that has nothing yet; one that is there stays as it is."""
        project.create(self._workspace, self._entity(entity), names.project(name))

    def from_path(self, path: str) -> Project | PublicRun | Sweep | BetaReport:
        """What `[entity/]project` or `entity/project/{runs,sweeps,reports}/id` leads to.

        Raises Error for a path of no such form, and NotFound.
        """
        return frompath.from_path(self, path)

    def run(self, path: str = "") -> PublicRun:
        """The run at `[[entity/]project/]id`. Raises RunNotFound."""
        found = runpath.parse(
            path or self._overrides.get("run") or "",
            entity=self._workspace.entity,
            project=self._workspace.project,
        )
        return runs.find(self._workspace, found)

    def runs(
        self,
        path: str | None = None,
        filters: Mapping[str, Any] | None = None,
        order: str = "+created_at",
        per_page: int = 50,
        include_sweeps: bool = True,
        lazy: bool = True,
    ) -> Runs:
        """The runs of a project that fit Mongo-style filters; an order without a sign descends.

        Raises ArgumentInvalid at once, and ProjectNotFound at the first page.
        """
        home = self._project(path)
        return Runs(self._workspace, *home, filters, order, per_page, include_sweeps, lazy)

    def create_run(
        self, *, run_id: str | None = None, project: str | None = None, entity: str | None = None
    ) -> PublicRun:
        """A new run in state `running`, which nobody writes to yet; its id is random unless given.

        Raises Conflict when the id is taken.
        """
        return PublicRun.create(self, run_id, project, entity)

    def sweep(self, path: str = "") -> Sweep:
        """The sweep at `[[entity/]project/]id`. Raises NotFound."""
        return sweeps.find(self._workspace, path)

    def reports(
        self, path: str = "", name: str | None = None, per_page: int | None = None
    ) -> Reports:
        """The reports of a project, or those of one title."""
        return Reports(self._workspace, *self._project(path), name, per_page)

    def sync_tensorboard(
        self,
        root_dir: str | os.PathLike[str],
        run_id: str | None = None,
        project: str | None = None,
        entity: str | None = None,
    ) -> PublicRun:
        """Raises UnsupportedError: this release has no importer of TensorBoard's files."""
        raise UnsupportedError(f"no importer reads the event files of TensorBoard: {root_dir}")

    # What W&B launches: kept and checked, and not run.

    def job(self, name: str | None, path: str | None = None) -> Job:
        """The job of that name, downloaded to path if given. Raises as `artifact`."""
        return jobs.find(self._workspace, name, path)

    def list_jobs(self, entity: str, project: str) -> list[dict[str, Any]]:
        """The jobs of a project, each with its versions and their aliases."""
        return jobs.listed(self._workspace, names.entity(entity), names.project(project))

    def run_queue(self, entity: str | None, name: str) -> RunQueue:
        """The run queue of that name. Raises NotFound."""
        return RunQueue(self._workspace, self._entity(entity), name)

    def create_run_queue(
        self,
        name: str,
        type: str,
        entity: str | None = None,
        prioritization_mode: str | None = None,
        config: Mapping[str, Any] | None = None,
        template_variables: Mapping[str, Any] | None = None,
    ) -> RunQueue:
        """Keep the record of a new queue; nothing is launched from it.

        Raises ArgumentInvalid (a ValueError), and Conflict when the name is taken.
        """
        said = {"type": type, "prioritization_mode": prioritization_mode, "config": config}
        said = {**said, "template_variables": template_variables}
        return queues.create(self._workspace, self._entity(entity), name, said)

    def upsert_run_queue(
        self,
        name: str,
        resource_config: Mapping[str, Any],
        resource_type: str,
        entity: str | None = None,
        template_variables: Mapping[str, Any] | None = None,
        external_links: Mapping[str, str] | None = None,
        prioritization_mode: str | None = None,
    ) -> RunQueue:
        """Keep the record of a queue, new or not. Raises ArgumentInvalid."""
        said = {"type": resource_type, "config": resource_config, "external_links": external_links}
        said = {**said, "template_variables": template_variables}
        said = {**said, "prioritization_mode": prioritization_mode}
        return queues.upsert(self._workspace, self._entity(entity), name, said)

    def queued_run(
        self,
        entity: str | None,
        project: str | None,
        queue_name: str,
        run_queue_item_id: str,
        project_queue: str | None = None,
        priority: int | None = None,
    ) -> NoReturn:
        """Raises NotFound for a queue that is not there, and else UnsupportedError."""
        queues.queued(self._workspace, self._entity(entity), queue_name, run_queue_item_id)

    # People, as the identity file of this user knows them.

    @property
    def viewer(self) -> User:
        """Whoever works here."""
        return people.load(self._workspace).viewer

    def user(self, username_or_email: str) -> User | None:
        """The user of that name or mail address, or None."""
        return people.load(self._workspace).user(username_or_email)

    def users(self, username_or_email: str) -> list[User]:
        """The users whose name or mail address holds the text."""
        return people.load(self._workspace).search(username_or_email)

    def team(self, team: str) -> Team:
        """The team of that name. Raises NotFound."""
        return people.load(self._workspace).team(team)

    def create_user(self, email: str, admin: bool = False) -> User:
        """Take a user into the identity file. Raises ArgumentInvalid."""
        with people.editing(self._workspace) as known:
            return known.add_user(email, admin=admin)

    def create_team(self, team: str, admin_username: str | None = None) -> Team:
        """Take a team into the identity file, with one admin: the viewer unless given.

        Raises ArgumentInvalid, NotFound.
        """
        with people.editing(self._workspace) as known:
            return known.add_team(team, admin_username)

    def _entity(self, entity: str | None) -> str:
        return self.default_entity if entity is None else names.entity(entity)

    def _project(self, text: str | None) -> tuple[str, str]:
        """Entity and project of `entity/project` or `project`."""
        owner, slash, name = (text or self._workspace.project).strip(" /").rpartition("/")
        entity = names.entity(owner) if slash else self._workspace.entity
        return entity, names.project(name)

    def __repr__(self) -> str:
        return f"<Api {self._workspace.store.url}>"
