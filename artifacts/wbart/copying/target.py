"""The store that a copy goes to: opened, made, or for a dry run only imagined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from wbart.workspace import Workspace
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.config import StoreConfig
from wbart_storage.errors import ObjectExists, ObjectMissing, StoreMissing
from wbart_storage.store import Store, create_store, is_local

if TYPE_CHECKING:
    from wbart.settings.settings import Settings


def open_target(
    source: Workspace,
    url: str,
    storage_options: Mapping[str, object] | None,
    *,
    create: bool,
    dry_run: bool,
) -> Workspace:
    """The workspace of the target. With create it becomes a store like the source's, if it is none.

    Storage options that nobody gave are those of the settings, unless these are for a source of
    another protocol.
    Raises StoreMissing, StoreRefused.
    """
    settings = _settings(source.settings, url, storage_options)
    try:
        return Workspace.open(settings, create=False)
    except StoreMissing:
        if not create:
            raise
    if dry_run:
        return Workspace(settings, _imagined(source.store, url))
    try:
        create_store(
            url,
            digest=source.store.algorithm,
            entity=source.store.config.entity,
            storage_options=settings.storage_options,
        )
    except ObjectExists:
        pass  # another process was quicker
    except (StoreMissing, ObjectMissing) as error:
        raise StoreMissing(url) from error  # not even a bucket
    return Workspace.open(settings, create=False)


def _settings(settings: Settings, url: str, options: Mapping[str, object] | None) -> Settings:
    if options is None:
        same = url.partition("://")[0] == settings.store.partition("://")[0]
        ours = not is_local(url) and (same or is_local(settings.store))
        options = settings.storage_options if ours else {}
    return replace(settings, store=url, storage_options=options)


def _imagined(source: Store, url: str) -> Store:
    """A store with nothing in it, gone with the process."""
    config = StoreConfig(digest=source.algorithm, entity=source.config.entity)
    local = source.local.parent / config.store_id
    return Store(url, MemoryObjects(), config, local, source.clock, source.tool)
