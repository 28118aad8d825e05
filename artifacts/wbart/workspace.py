"""A workspace: one store together with the names and folders that apply here."""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from wbart.catalog import Catalog
from wbart.errors import NotCached
from wbart.settings.settings import Settings
from wbart.version import TOOL
from wbart_storage.cache.cache import default_room
from wbart_storage.errors import ObjectExists, Offline, StoreMissing
from wbart_storage.store import Store, create_store, is_local, open_store, recall_store

if TYPE_CHECKING:
    from wbart_storage.foreign.outside import Outside

_MAX_JOBS = 8


@dataclass(frozen=True)
class Workspace:
    """What calls work on when they name no store, entity or project of their own."""

    settings: Settings
    store: Store

    @classmethod
    def open(cls, settings: Settings, *, create: bool = True) -> Workspace:
        """Open the store that the settings name; a local folder becomes one on first use.

        Raises StoreMissing for any other place without a store. When the settings say offline,
        a distant store is as it was seen last; NotCached if it never was.
        """
        if settings.offline and not is_local(settings.store):
            try:
                return cls(settings, _recalled(settings))
            except Offline as error:
                raise NotCached(str(error), error) from error
        try:
            return cls(settings, _open(settings))
        except StoreMissing:
            if not create or not is_local(settings.store):
                raise
        _create(settings)
        return cls(settings, _open(settings))

    @cached_property
    def catalog(self) -> Catalog:
        """The collections of the store."""
        return Catalog(self.store, self.actor)

    @cached_property
    def outside(self) -> Outside:
        """What references lead to."""
        from wbart_storage.foreign.outside import Outside

        settings = self.settings
        return Outside(
            settings.reference_options,
            private_addresses=settings.private_references,
            offline=settings.offline,
        )

    @property
    def entity(self) -> str:
        """The entity of names that have none."""
        return self.settings.entity or self.store.config.entity

    @property
    def project(self) -> str:
        """The project of names that have none."""
        return self.settings.project

    @property
    def organization(self) -> str:
        """The entity whose registries are meant when none is said."""
        return self.settings.organization or self.store.config.entity

    @property
    def jobs(self) -> int:
        """How many threads bulk work gets."""
        return self.settings.jobs or min(_MAX_JOBS, os.cpu_count() or 1)

    @cached_property
    def actor(self) -> str:
        """Who does what is done here: the login name."""
        try:
            return getpass.getuser()
        except (OSError, KeyError):
            return "unknown"

    def within(self, entity: str | None, project: str | None) -> Workspace:
        """The same store with other defaults."""
        settings = replace(
            self.settings,
            entity=entity or self.settings.entity,
            project=project or self.settings.project,
        )
        return Workspace(settings, self.store)


def _recalled(settings: Settings) -> Store:
    room = settings.cache_size.of if settings.cache_size is not None else default_room
    return recall_store(settings.store, cache=settings.cache_dir, tool=TOOL, cache_room=room)


def _open(settings: Settings) -> Store:
    return open_store(
        settings.store,
        cache=settings.cache_dir,
        tool=TOOL,
        cache_room=settings.cache_size.of if settings.cache_size is not None else default_room,
        storage_options=settings.storage_options,
        durable=settings.durability == "full",
    )


def _create(settings: Settings) -> None:
    try:
        create_store(settings.store, entity=settings.entity or "default")
    except ObjectExists:
        return  # another process was quicker
