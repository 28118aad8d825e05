"""`wbart init`: a new store."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from wbart.cli import exit_codes
from wbart.cli.options import Command, call_of, writes
from wbart.cli.output import Output
from wbart.cli.stop import Refused, Stop

if TYPE_CHECKING:
    from wbart.settings.settings import Settings


@click.command("init", cls=Command)
@click.argument("place", metavar="[STORE]", required=False)
@click.option(
    "--digest",
    type=click.Choice(["blake3", "sha256"]),
    default="blake3",
    help="What names content, for good. Default: blake3.",
)
@click.option("--single-writer", is_flag=True, help="You answer for one writer at a time.")
@writes()
@click.pass_context
def command(ctx: click.Context, place: str | None, digest: str, single_writer: bool) -> None:
    """Make a store in a folder or at a URL and print where it is.

    Without STORE it is the one that --store or WBART_STORE names, or else .wbart here. The backend
    is tried out first: one that cannot create exclusively is refused, unless --single-writer is
    given. --entity is the store's default entity.
    """
    from wbart.cli.session import load_settings
    from wbart.names import entity
    from wbart_storage.errors import ObjectExists, ObjectMissing, StoreMissing
    from wbart_storage.store import create_store, is_local

    call = call_of(ctx)
    if place:
        call.overrides["store"] = place
    settings = load_settings(call)
    if not _is_named(settings):
        call.overrides["store"] = ".wbart"
        settings = load_settings(call)
    if is_local(settings.store):
        _check_empty(settings.store)
    owner = entity(call.overrides.get("entity", "default"))
    facts: dict[str, object] = {"store": settings.store, "digest": digest, "entity": owner}
    if not call.dry_run:
        try:
            config = create_store(
                settings.store,
                digest=digest,
                entity=owner,
                single_writer=single_writer,
                storage_options=settings.storage_options,
            )
        except ObjectExists as error:
            told = f"there is a store already: {settings.store}"
            raise Stop(exit_codes.CONFLICT, "store_exists", told) from error
        except (ObjectMissing, StoreMissing) as error:
            told = f"no bucket for {settings.store}: it must be there before a store is made in it"
            raise Stop(exit_codes.NO_STORE, "bucket_missing", told) from error
        facts["store_id"] = config.store_id
    facts["dry_run"] = call.dry_run
    Output(call).one(facts, [settings.store], [settings.store])


def _is_named(settings: Settings) -> bool:
    """Whether somebody said which store is meant; one that is only found is not meant."""
    return settings.sources.get("store", settings.store) != settings.store


def _check_empty(folder: str) -> None:
    """A store is not put among other files; one that is there already is told by create."""
    if os.path.isdir(folder) and not os.path.exists(os.path.join(folder, "wbart.json")):
        with os.scandir(folder) as found:
            if any(found):
                raise Refused(f"{folder} is not empty", "name a new folder, such as .wbart")
