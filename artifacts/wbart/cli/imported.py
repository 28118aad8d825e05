"""What an import has come to: where it went, how it is shown, and its exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wbart.apis.importers.namespace import Namespace
from wbart.cli import exit_codes, words
from wbart.cli.output import Output

if TYPE_CHECKING:
    from wbart.apis.importers.importreport import ImportReport
    from wbart.cli.call import Call

_OUTCOMES: Final = ("imported", "updated", "unchanged")


def namespace(call: Call) -> Namespace | None:
    """Where the command line says that runs go; None where it says nothing."""
    entity, project = (str(call.overrides.get(name) or "") for name in ("entity", "project"))
    return Namespace(entity, project) if entity or project else None


def show(call: Call, report: ImportReport) -> int:
    """Print the report, what is missing on stderr, and return the exit code."""
    output = Output(call)
    facts: dict[str, object] = {
        outcome: [str(path) for path in getattr(report, outcome)] for outcome in _OUTCOMES
    }
    facts["failed"] = [{"run": id_, "error": str(error)} for id_, error in report.failed]
    facts["damaged"] = [{"run": id_, "problems": list(said)} for id_, said in report.damaged]
    new = [str(path) for path in (*report.imported, *report.updated)]
    output.one(facts, _lines(report), new)
    for line in report.troubles:
        output.warn(line)
    if report.complete:
        return exit_codes.DONE
    there = report.imported or report.updated or report.unchanged
    return exit_codes.PARTLY if there else exit_codes.FAILED


def _lines(report: ImportReport) -> list[str]:
    """A line for each project that runs went to, and one for those that went nowhere."""
    homes: dict[str, dict[str, int]] = {}
    for outcome in _OUTCOMES:
        for path in getattr(report, outcome):
            counts = homes.setdefault(f"{path.entity}/{path.project}", {})
            counts[outcome] = counts.get(outcome, 0) + 1
    lines = [f"{home}  {_counted(counts)}" for home, counts in homes.items()]
    if report.failed:
        lines.append(f"{words.count(len(report.failed), 'run')} failed")
    return lines or ["no runs there"]


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(
        f"{words.count(count, 'run')} {outcome}" if number == 0 else f"{count:,} {outcome}"
        for number, (outcome, count) in enumerate(counts.items())
    )
