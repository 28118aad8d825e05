"""`wbart copy`: versions, and all that belongs to them, into another store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import click

from wbart.cli import words
from wbart.cli.options import Command, call_of, writes
from wbart.cli.output import Output

if TYPE_CHECKING:
    from wbart.cli.call import Call
    from wbart.copying.copy import Copied, CopiedVersion


@click.command("copy", cls=Command)
@click.argument("ref", metavar="REF")
@click.argument("target", metavar="STORE")
@click.option("--all", "all_versions", is_flag=True, help="All versions: REF is a bare NAME.")
@click.option("--as", "name", metavar="[[ENTITY/]PROJECT/]NAME", help="Its name at the target.")
@click.option("--create", is_flag=True, help="Make the target a store if it is none.")
@click.option("--overwrite-aliases", is_flag=True, help="Also take aliases off other versions.")
@click.option("--with-references", is_flag=True, help="Also artifacts that entries refer to.")
@click.option("--no-lineage", is_flag=True, help="Leave the records of runs behind.")
@click.option(
    "--target-options",
    metavar="JSON",
    envvar="WBART_TARGET_OPTIONS",
    help="Storage options of the target; rather in WBART_TARGET_OPTIONS.",
)
@writes()
@click.pass_context
def command(
    ctx: click.Context,
    ref: str,
    target: str,
    all_versions: bool,
    name: str | None,
    create: bool,
    overwrite_aliases: bool,
    with_references: bool,
    no_lineage: bool,
    target_options: str | None,
) -> None:
    """Copy a version into another store: its files, texts, aliases and lineage.

    Only what is missing there travels, and is checked on the way; what was broken off is gone on
    with by the same command. An alias that another version of the target holds stays there.
    --store says where to copy from.
    """
    from dataclasses import replace

    from wbart.cli.progress import meter
    from wbart.cli.session import opened
    from wbart.copying.copy import copy
    from wbart.refs.refpath import Ref

    call = call_of(ctx)
    parsed = Ref.parse_collection(ref) if all_versions else Ref.parse(ref)
    options = _options(target_options)
    with opened(call, parsed), meter(call) as progress:
        done = copy(
            replace(parsed, store=None),
            target,
            name=name,
            all_versions=all_versions,
            create=create,
            overwrite_aliases=overwrite_aliases,
            with_references=with_references,
            lineage=not no_lineage,
            dry_run=call.dry_run,
            storage_options=options,
            progress=progress,
        )
    _show(call, done)


def _options(text: str | None) -> Mapping[str, object] | None:
    if not text:
        return None
    from pathlib import Path

    from wbart.errors import SettingInvalid
    from wbart.settings.value import storage_options

    try:
        return storage_options(text, Path.cwd())
    except ValueError as error:
        raise SettingInvalid(f"the storage options of the target: {error}") from error


def _show(call: Call, done: Copied) -> None:
    output = Output(call)
    facts = {
        "versions": [_facts(each) for each in done.versions],
        "objects": done.objects,
        "size": done.size,
        "runs": done.runs,
        "warnings": done.warnings,
        "dry_run": call.dry_run,
    }
    output.one(facts, _lines(done, call.dry_run), (each.qualified_name for each in done.versions))
    for text in done.warnings:
        output.warn(text)
    travelled = "would travel" if call.dry_run else "travelled"
    sent = f"{words.count(done.objects, 'object')}, {words.size(done.size)}"
    output.say(f"{sent} {travelled}")


def _facts(version: CopiedVersion) -> dict[str, object]:
    return {
        "source_qualified_name": version.source,
        "qualified_name": version.qualified_name,
        "digest": version.digest,
        "new": version.new,
        "objects": version.sent.objects,
        "size": version.sent.size,
        "aliases": list(version.aliases),
        "aliases_kept": dict(version.aliases_kept),
    }


def _lines(done: Copied, dry_run: bool) -> Iterator[str]:
    for version in done.versions:
        told = f"{version.source} -> {version.qualified_name}"
        if not version.new:
            told += "  is there already"
        elif dry_run:
            told += "  would be copied"
        if version.aliases:
            told += f"  ({', '.join(version.aliases)})"
        yield words.one_line(told)
