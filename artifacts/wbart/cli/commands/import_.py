"""`wbart import`: runs that other tools recorded become runs of the store.

Each tool is a module `import_<tool>` beside this one, with a `command` in it; it is found by name.
"""

from __future__ import annotations

import importlib
import pkgutil

import click

from wbart.cli import commands
from wbart.cli.options import Group

_PREFIX = "import_"


class Tools(Group):
    """A command for each tool, imported when it is used or told of."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The tools, by name."""
        found = (module.name for module in pkgutil.iter_modules(commands.__path__))
        named = (name.removeprefix(_PREFIX) for name in found if name.startswith(_PREFIX))
        return sorted(name for name in named if name)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this tool, imported now."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"{commands.__name__}.{_PREFIX}{cmd_name}")
        command: click.Command = module.command
        return command


@click.group("import", cls=Tools)
def command() -> None:
    """Import runs that other tools recorded.

    Importing again brings what is new, and nothing twice. Killed or interrupted, an import leaves
    no half of a run, and the next one goes on. Ends with 3 when something could not be imported
    and the rest is, and with 1 when no run could be.
    """
