"""The options that every command has, and those that commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from wbart.cli.call import FORMATS, PROGRESS, Call

F = TypeVar("F", bound=Callable[..., Any])


class Common(click.Option):
    """An option that every command has; `--help` shows it apart from the command's own."""


class Command(click.Command):
    """A command with the options of every command on top of its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += common_options()

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command's own options, then those of every command."""
        for title, common in (("Options", False), ("Options of every command", True)):
            records = (
                parameter.get_help_record(ctx)
                for parameter in self.get_params(ctx)
                if isinstance(parameter, click.Option) and isinstance(parameter, Common) is common
            )
            shown = [record for record in records if record is not None]
            if shown:
                with formatter.section(title):
                    formatter.write_dl(shown)


class Group(click.Group):
    """A command of commands; each of them has the options of every command."""

    command_class = Command

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += common_options()

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands only: the options are shown with each of them."""
        self.format_commands(ctx, formatter)


def call_of(context: click.Context) -> Call:
    """The call that the context belongs to."""
    return context.ensure_object(Call)


def common_options() -> list[click.Parameter]:
    """Fresh options for one command."""
    return [
        _common(_override, "-s", "--store", metavar="STORE", help="Folder or URL of the store."),
        _common(_override, "-p", "--project", metavar="NAME", help="Project of a bare name."),
        _common(_override, "--entity", metavar="NAME", help="Entity of a name without one."),
        _common(_override, "-j", "--jobs", type=click.IntRange(min=1), help="Parallel work."),
        _common(_override, "--offline", is_flag=True, help="Never ask the network."),
        _common(_no_cache, "--no-cache", is_flag=True, help="Neither read nor fill the cache."),
        _common(_keep, "--format", type=click.Choice(FORMATS), help="Form of the results."),
        _common(_json, "--json", is_flag=True, help="Short for --format json."),
        _common(_quiet, "-q", "--quiet", is_flag=True, help="Bare results, and no other words."),
        _common(_keep, "--progress", type=click.Choice(PROGRESS), help="How long work is shown."),
        _common(_keep, "-v", "--verbose", count=True, help="Say more on stderr; -vv: everything."),
    ]


def writes(short: bool = True) -> Callable[[F], F]:
    """For what writes or deletes: --dry-run and --yes."""
    names = ("-n", "--dry-run") if short else ("--dry-run",)

    def decorate(function: F) -> F:
        yes = _stored(_keep, "-y", "--yes", is_flag=True, help="Ask nothing.")
        dry = _stored(_keep, *names, is_flag=True, help="Say what would be done; do nothing.")
        return dry(yes(function))

    return decorate


Keep = Callable[[Call, str, Any], None]


def _common(keep: Keep, *names: str, **attributes: Any) -> click.Option:
    return Common(names, expose_value=False, callback=_callback(keep), **attributes)


def _stored(keep: Keep, *names: str, **attributes: Any) -> Callable[[F], F]:
    return click.option(*names, expose_value=False, callback=_callback(keep), **attributes)


def _callback(keep: Keep) -> Callable[[click.Context, click.Parameter, Any], None]:
    def callback(context: click.Context, parameter: click.Parameter, value: Any) -> None:
        # What was not given must not undo what the same option said before the command.
        if value and parameter.name:
            keep(call_of(context), parameter.name, value)

    return callback


def _keep(call: Call, name: str, value: Any) -> None:
    setattr(call, name, value)


def _override(call: Call, name: str, value: Any) -> None:
    call.overrides[name] = value


def _no_cache(call: Call, name: str, value: Any) -> None:
    call.use_cache = False


def _json(call: Call, name: str, value: Any) -> None:
    call.format = "json"


def _quiet(call: Call, name: str, value: Any) -> None:
    call.format = "quiet"
