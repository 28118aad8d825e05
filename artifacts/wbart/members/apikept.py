"""What W&B's server does and a store only keeps: launching, and who is who, as `Api` has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from wbart import names
from wbart.kept import jobs, people, queues
from wbart.kept.jobs import Job
from wbart.kept.queues import RunQueue
from wbart.members.apistate import ApiState

if TYPE_CHECKING:
    from wbart.kept.people import Team, User


class ApiKept(ApiState):
    """Jobs, run queues, users and teams."""

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
