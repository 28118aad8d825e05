"""People and teams, as this user's identity file knows them: names for records, no access rights.

The file is `people.json` in the user's config folder. Without one there is only whoever is
logged in.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from wbart import names
from wbart.errors import ArgumentInvalid, NotFound, SettingInvalid, UnsupportedError

if TYPE_CHECKING:
    from wbart.workspace import Workspace

_FILE = "people.json"
_EMAIL = re.compile(r"([^@\s]+)@[^@\s]+")


@dataclass(frozen=True)
class User:
    """Somebody, by the name that records have for who did what."""

    username: str
    email: str | None = None
    admin: bool = False
    name: str = ""
    """The full name, where it is known."""
    teams: tuple[str, ...] = ()

    @property
    def entity(self) -> str:
        """As `username`."""
        return self.username

    @property
    def api_keys(self) -> list[str]:
        """None of them: a store has its own credentials."""
        return []

    def generate_api_key(self, description: str | None = None) -> NoReturn:
        """Raises UnsupportedError: there is no server that would take the key."""
        raise UnsupportedError("API keys are W&B's server's; a store has its own credentials")

    def __repr__(self) -> str:
        return f"<User {self.username}>"


@dataclass(frozen=True)
class Member:
    """A user as a member of a team."""

    username: str
    account_type: str = "MEMBER"
    """ADMIN or MEMBER; it says who is asked, and forbids nothing."""


@dataclass(frozen=True)
class Team:
    """Several users under one name."""

    name: str
    members: tuple[Member, ...] = ()

    def invite(self, username_or_email: str, admin: bool = False) -> NoReturn:
        """Raises UnsupportedError: nobody could be told."""
        raise UnsupportedError("invitations need W&B's server; edit the identity file instead")

    def __repr__(self) -> str:
        return f"<Team {self.name}>"


@dataclass
class People:
    """Everybody in an identity file."""

    path: Path
    me: str
    """The username of whoever works here."""
    users: dict[str, User] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)

    @property
    def viewer(self) -> User:
        """Whoever works here."""
        return self._with_teams(self.users.get(self.me, User(self.me)))

    def user(self, text: str) -> User | None:
        """The user of that name or mail address; None for nobody."""
        known = {self.me: self.viewer, **self.users}
        found = (each for each in known.values() if text in (each.username, each.email))
        user = next(found, None)
        return self._with_teams(user) if user is not None else None

    def search(self, text: str) -> list[User]:
        """The users whose name or mail address holds the text, by name."""
        known = {self.me: self.viewer, **self.users}
        wanted = text.lower()
        return [
            self._with_teams(user)
            for name, user in sorted(known.items())
            if wanted in name.lower() or wanted in (user.email or "").lower()
        ]

    def team(self, name: str) -> Team:
        """The team of that name. Raises NotFound."""
        if name not in self.teams:
            raise NotFound(f"Could not find team {name!r} in {self.path}")
        return self.teams[name]

    def add_user(self, email: str, *, admin: bool) -> User:
        """Take a user in; his name is the mail address's. Raises ArgumentInvalid."""
        found = _EMAIL.fullmatch(email) if isinstance(email, str) else None
        if found is None:
            raise ArgumentInvalid(f"not a mail address: {email!r}")
        user = User(names.entity(found[1]), email, bool(admin))
        if any(
            user.username == each.username or email == each.email for each in self.users.values()
        ):
            raise ArgumentInvalid(f"there is a user {user.username!r} already")
        self.users[user.username] = user
        return user

    def add_team(self, name: str, admin_username: str | None) -> Team:
        """Take a team in, with one admin: whoever works here unless said."""
        if names.entity(name) in self.teams:
            raise ArgumentInvalid(f"there is a team {name!r} already")
        admin = self.user(admin_username or self.me)
        if admin is None:
            raise NotFound(f"Could not find user {admin_username!r} in {self.path}")
        self.teams[name] = Team(name, (Member(admin.username, "ADMIN"),))
        return self.teams[name]

    def _with_teams(self, user: User) -> User:
        teams = tuple(
            team.name
            for team in self.teams.values()
            if any(member.username == user.username for member in team.members)
        )
        return User(user.username, user.email, user.admin, user.name, teams)


def load(workspace: Workspace) -> People:
    """Everybody that the identity file knows. Raises SettingInvalid when it cannot be read."""
    path = workspace.settings.people_dir / _FILE
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return _parse(path, workspace.actor, data)
    except FileNotFoundError:
        return People(path, workspace.actor)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingInvalid(f"cannot read {path}: {' '.join(str(error).split())}") from error


@contextmanager
def editing(workspace: Workspace) -> Iterator[People]:
    """Everybody, stored when the block ends well; one process at a time."""
    from filelock import FileLock

    folder = workspace.settings.people_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f".{_FILE}.lock"):
            people = load(workspace)
            yield people
            _store(people)
    except OSError as error:
        raise SettingInvalid(f"cannot write {folder / _FILE}: {error}") from error


def _parse(path: Path, me: str, data: Mapping[str, Any]) -> People:
    users = [User(each["username"], each.get("email"), bool(each.get("admin")),
                  each.get("name", "")) for each in data.get("users", ())]  # fmt: skip
    teams = [
        Team(each["name"], tuple(Member(**member) for member in each.get("members", ())))
        for each in data.get("teams", ())
    ]
    found = {user.username: user for user in users}
    return People(path, data.get("me", me), found, {team.name: team for team in teams})


def _store(people: People) -> None:
    """Whole or nothing, as nobody else writes meanwhile."""
    users = [
        {"username": user.username, "email": user.email, "admin": user.admin, "name": user.name}
        for user in people.users.values()
    ]
    teams = [
        {"name": team.name, "members": [vars(member) for member in team.members]}
        for team in people.teams.values()
    ]
    data = {"users": users, "teams": teams}
    if people.path.exists():
        kept = json.loads(people.path.read_text(encoding="utf-8"))
        data = {**kept, **data}
    number, staged = tempfile.mkstemp(dir=people.path.parent, prefix=".people-")
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            json.dump(data, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        os.replace(staged, people.path)
    except BaseException:
        os.unlink(staged)
        raise
