"""`wbart put`: files and folders become a new version."""

from __future__ import annotations

import json
import os
from pathlib import PurePosixPath

import click

from wbart.cli.options import Command, call_of, writes
from wbart.cli.output import Output


@click.command("put", cls=Command)
@click.argument("paths", metavar="PATH...", nargs=-1)
@click.option("-n", "--name", metavar="NAME", help="[[ENTITY/]PROJECT/]NAME of the collection.")
@click.option("-t", "--type", "type_", default="dataset", metavar="TYPE", help="Default: dataset.")
@click.option("-a", "--alias", "aliases", multiple=True, metavar="ALIAS", help="Besides latest.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="A label of the version.")
@click.option("-d", "--description", metavar="TEXT", help="Free Markdown.")
@click.option("--meta", multiple=True, metavar="KEY=VALUE", help="Metadata; VALUE JSON or text.")
@click.option("--ttl", metavar="TTL", help="How long it lives: 12h, 30d, never, inherit.")
@click.option(
    "--policy",
    type=click.Choice(["mutable", "immutable"]),
    default="immutable",
    help="mutable: files may change meanwhile, so they are copied before they are stored.",
)
@click.option("--ref", "refs", multiple=True, metavar="URI", help="Refer to it; store no bytes.")
@click.option("--run", "run_id", metavar="ID", help="The run that made it.")
@writes(short=False)
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    name: str | None,
    type_: str,
    aliases: tuple[str, ...],
    tags: tuple[str, ...],
    description: str | None,
    meta: tuple[str, ...],
    ttl: str | None,
    policy: str,
    refs: tuple[str, ...],
    run_id: str | None,
) -> None:
    """Store files or folders as a new version of a collection.

    One folder becomes the root of the version; several paths keep their names. A PATH with :// is
    referred to, as with --ref. When the content is that of the newest version, no new one is made.
    Interrupted, it leaves the store whole, and the next put goes on where this one stopped.
    """
    if not paths and not refs:
        raise click.UsageError("nothing to put: name a PATH or --ref URI", ctx)
    from wbart.cli.putting import Labels, Sources, put

    labels = Labels(
        _name(ctx, name, paths, refs), type_, aliases, tags, description, _metadata(meta), ttl
    )
    call = call_of(ctx)
    stored = put(call, Sources.of((*paths, *refs), policy), labels, run_id)
    output = Output(call)
    output.one(stored.facts, [stored.line], [stored.name])
    output.say(stored.told)


def _name(
    ctx: click.Context, name: str | None, paths: tuple[str, ...], refs: tuple[str, ...]
) -> str:
    """The name that was given; that of the only path where none was."""
    if name is not None:
        return name
    if len(paths) + len(refs) > 1:
        raise click.UsageError("several things need a name together: -n NAME", ctx)
    text = (*paths, *refs)[0]
    if "://" in text:
        from wbart.references.scrub import scrub

        return PurePosixPath(scrub(text)).name
    return PurePosixPath(os.path.abspath(text)).name


def _metadata(pairs: tuple[str, ...]) -> dict[str, object]:
    found: dict[str, object] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise click.BadParameter(f"{pair!r} is not KEY=VALUE", param_hint="--meta")
        try:
            found[key] = json.loads(value)
        except ValueError:
            found[key] = value
    return found
