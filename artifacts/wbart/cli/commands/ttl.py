"""`wbart ttl`: how long a version lives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wbart.cli import words
from wbart.cli.options import Command, call_of, writes
from wbart.cli.output import Output

if TYPE_CHECKING:
    from wbart.artifact import Artifact


@click.command("ttl", cls=Command)
@click.argument("ref", metavar="REF")
@click.argument("ttl", metavar="[TTL]", required=False)
@writes()
@click.pass_context
def command(ctx: click.Context, ref: str, ttl: str | None) -> None:
    """Show how long a version lives, or set it: 12h, 30d, 2w, never, inherit.

    It counts from the creation of the version, however late it is set.
    """
    from wbart.cli.session import loaded, opened, version_ref
    from wbart.ttl import parse

    call = call_of(ctx)
    parsed = version_ref(ref)
    wanted = parse(ttl) if ttl is not None else None
    with opened(call, parsed) as workspace:
        artifact = loaded(workspace, parsed)
        if ttl is not None:
            artifact.ttl = wanted
            if not call.dry_run:
                artifact.save()
    stored = _stored(artifact)
    facts = {
        "qualified_name": artifact.qualified_name,
        "ttl": stored,
        "expires_at": artifact.expires_at,
        "dry_run": call.dry_run,
    }
    Output(call).one(facts, [f"{artifact.name}: {_told(artifact, stored)}"], [str(stored)])


def _stored(artifact: Artifact) -> object:
    """Seconds, None for ever, or "inherit"."""
    return artifact._facts.ttl


def _told(artifact: Artifact, stored: object) -> str:
    lives = words.duration(stored) if isinstance(stored, int) else "for ever"
    if stored == "inherit":
        lives = "as its project says"
    ends = f", until {words.moment(artifact.expires_at)}" if artifact.expires_at else ""
    return f"lives {lives}{ends}"
