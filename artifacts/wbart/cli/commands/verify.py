"""`wbart verify`: bytes against digests, of a stored version or of a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from wbart.cli import exit_codes, words
from wbart.cli.options import Command, call_of, writes
from wbart.cli.output import Output

if TYPE_CHECKING:
    from wbart.artifact import Artifact
    from wbart.cli.call import Call
    from wbart.refs.refpath import Ref
    from wbart.report import VerifyReport
    from wbart.workspace import Workspace

CACHE = "cache"
FAULTS = ("missing", "changed", "unreadable", "extra")


@click.command("verify", cls=Command)
@click.argument("target", metavar="REF|DIR")
@click.argument("folder", metavar="[DIR]", required=False)
@click.option("--repair", is_flag=True, help="Heal what is missing, changed or unreadable.")
@click.option(
    "--from", "source", metavar="DIR|cache|STORE", help="Where good copies for the store are."
)
@writes()
@click.pass_context
def command(
    ctx: click.Context, target: str, folder: str | None, repair: bool, source: str | None
) -> None:
    """Read every byte and compare it with its digest; exit with 5 when something is wrong.

    \b
    verify REF       the stored bytes of a version; --repair heals the store, from the cache
                     or what --from says: a folder, `cache`, or another store
    verify DIR       a folder against the version it came from; --repair heals the folder
    verify REF DIR   a folder against that version; --repair heals the folder

    A folder of the same name goes before a REF. Files that the version lacks are told, never
    removed: `checkout` does that.
    """
    from wbart.cli.session import loaded, opened, version_ref

    call = call_of(ctx)
    local = folder or (target if os.path.isdir(target) else None)
    ref = None if folder is None and local else version_ref(target)
    if local and source:
        raise click.UsageError("--from is for healing the store; a folder is healed from it", ctx)
    with opened(call, ref) as workspace:
        if not local and repair and not source:
            if workspace.store.cache is None:
                raise click.UsageError("where are good copies for the store? --from DIR|STORE", ctx)
            source = CACHE
        artifact = loaded(workspace, ref or _origin(workspace, target))
        heal = repair and not call.dry_run
        report = _verify(call, artifact, local, source, heal)
    _show(call, artifact, local, report)
    ctx.exit(exit_codes.DONE if report.ok else exit_codes.NOT_VERIFIED)


def _origin(workspace: Workspace, folder: str) -> Ref:
    from wbart.cli.compared import origin_of

    return origin_of(workspace, folder)


def _verify(
    call: Call, artifact: Artifact, folder: str | None, source: str | None, heal: bool
) -> VerifyReport:
    from wbart.cli.progress import meter

    with meter(call) as progress:
        if folder is None:
            good = source if heal else None
            return artifact.verify_stored(repair_from=good, progress=progress)
        return artifact.verify(folder, repair=heal, raises=False, progress=progress)


def _show(call: Call, artifact: Artifact, folder: str | None, report: VerifyReport) -> None:
    facts = {
        "qualified_name": artifact.qualified_name,
        "path": folder,
        "dry_run": call.dry_run,
        **report.to_json(),
    }
    output = Output(call)
    output.one(facts, _lines(report), _faulty(report))
    where = artifact.name if folder is None else f"{folder} against {artifact.name}"
    output.say(f"{where}: {_told(report)}")


def _lines(report: VerifyReport) -> Iterator[str]:
    repaired = set(report.repaired)
    for fault in FAULTS:
        for path in getattr(report, fault):
            after = "  repaired" if path in repaired else ""
            yield f"{fault:<10}  {words.one_line(path)}{after}"


def _faulty(report: VerifyReport) -> Iterator[str]:
    return (path for fault in FAULTS for path in getattr(report, fault))


def _told(report: VerifyReport) -> str:
    read = f"{words.count(report.checked, 'file')}, {words.size(report.size)} read"
    faults = ", ".join(f"{n:,} {fault}" for fault in FAULTS if (n := len(getattr(report, fault))))
    if not faults:
        told = f"{read}, all as it should be"
    else:
        told = f"{read}; {faults}"
        if report.repaired:
            told += f"; {len(report.repaired):,} repaired"
    if report.unverified:
        told += f"; {words.count(len(report.unverified), 'reference')} without a digest to check"
    return told
