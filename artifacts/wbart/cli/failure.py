"""How an error is told: one line for people, one JSON object for programs, both on stderr."""

from __future__ import annotations

import errno
import json
import re
import traceback
from collections.abc import Mapping
from typing import Final

import click

from wbart.cli import exit_codes
from wbart.cli.stop import Stop
from wbart.cli.words import one_line

HINTS: Final[Mapping[str, str]] = {
    "AccessDenied": "you may not read or write there, or your credentials do not reach",
    "BlobCorrupt": "`wbart verify REF --repair` heals the store from a good copy",
    "CacheCorrupt": "`wbart cache verify --repair` drops what is damaged",
    "HasAliases": "--delete-aliases removes them, too",
    "LockTimeout": "another process is at work; try again",
    "NotCached": "without --offline it would be fetched",
    "Offline": "without --offline the store would be asked",
    "StoreMissing": "`wbart init` makes one; --store or WBART_STORE names another",
    "StoreFull": "nothing is half written; make room and try again",
    "StoreUnavailable": "trying again may help",
    "StoreUnsupported": "a newer wbart made it; upgrade",
    "UnknownOp": "a newer wbart wrote it; upgrade",
}
"""What may help, by class; the nearest class of an error's inheritance decides."""

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def report(error: BaseException, *, machine: bool, verbose: bool) -> int:
    """Tell the error on stderr and return its exit code."""
    if type(error).__name__ == "NoArgsIsHelpError" and isinstance(error, click.UsageError):
        # It is the help itself; older releases of click print it themselves.
        click.echo(error.format_message(), err=True)
        return exit_codes.USAGE
    if verbose and not isinstance(error, click.ClickException | Stop):
        traceback.print_exception(error)
    told = describe(error)
    if machine:
        line = json.dumps(told, ensure_ascii=False)
    else:
        hint = f" ({told['hint']})" if told["hint"] else ""
        line = f"wbart: {told['message']}{hint}"
    click.echo(line, err=True)
    return int(str(told["exit"]))


def describe(error: BaseException) -> dict[str, object]:
    """The error as the object that JSON mode prints: code, exit, message, hint."""
    if isinstance(error, click.Abort):
        return _told("interrupted", exit_codes.INTERRUPTED, "interrupted", None)
    if isinstance(error, click.ClickException):
        return _told("usage", exit_codes.USAGE, error.format_message(), _usage_hint(error))
    if isinstance(error, Stop):
        return _told(error.code, error.exit, str(error), error.hint)
    return _told(_code(error), exit_codes.exit_code(error), _message(error), _hint(error))


def wants_json(arguments: list[str]) -> bool:
    """Whether a command line that could not be read asks for JSON."""
    pairs = zip(arguments, [*arguments[1:], ""], strict=False)
    return any(
        word in ("--json", "--format=json", "--format=jsonl")
        or (word == "--format" and after in ("json", "jsonl"))
        for word, after in pairs
    )


def _told(code: str, exit: int, message: str, hint: str | None) -> dict[str, object]:
    return {"code": code, "exit": exit, "message": one_line(message), "hint": hint}


def _code(error: BaseException) -> str:
    code = getattr(error, "code", None)
    return code if isinstance(code, str) else _WORD_START.sub("_", type(error).__name__).lower()


def _message(error: BaseException) -> str:
    if _is_ours(error):
        return str(error) or type(error).__name__
    if isinstance(error, OSError):
        return _os_message(error)
    return f"internal error: {type(error).__name__}: {error} (-v shows where)"


def _os_message(error: OSError) -> str:
    reason = (error.strerror or str(error)).lower()
    name = error.filename if error.filename is not None else error.filename2
    if error.errno == errno.ENOSPC:
        reason = "no room left on the disk"
    return f"{name}: {reason}" if name is not None else reason


def _hint(error: BaseException) -> str | None:
    notes = getattr(error, "__notes__", None)
    if notes:
        return one_line("; ".join(notes))
    return next((HINTS[c.__name__] for c in type(error).__mro__ if c.__name__ in HINTS), None)


def _usage_hint(error: click.ClickException) -> str | None:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"try `{context.command_path} --help`" if context is not None else None


def _is_ours(error: BaseException) -> bool:
    return any(class_.__name__ == "WbartError" for class_ in type(error).__mro__)
