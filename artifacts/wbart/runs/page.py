"""What a run's page shows, made of its record."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from wbart.errors import NotFound
from wbart.recording.record import RunRecord
from wbart.runs.historyreader import HistoryReader

if TYPE_CHECKING:
    from wbart.workspace import Workspace

OVER = frozenset({"finished", "failed", "crashed", "killed", "preempted"})
"""States that do not end any more."""
POLL = 5.0
"""Seconds between two looks at a run that goes on."""
_INTERNAL = frozenset({"_wandb", "wandb_version"})


def plain_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the config without internal keys."""
    return {name: value for name, value in config.items() if name not in _INTERNAL}


def wrapped_config(config: Mapping[str, Any]) -> str:
    """The config as JSON, each value wrapped as W&B's server does."""
    return json.dumps({name: {"value": value, "desc": None} for name, value in config.items()})


def last_sample(reader: HistoryReader) -> dict[str, Any]:
    """The newest row's metrics of the machine; empty without any."""
    if not reader.count:
        return {}
    [row] = reader.at([reader.count - 1])
    return {name: value for name, value in row.items() if not name.startswith("_")}


def history_keys(summary: Mapping[str, Any], last_step: int) -> dict[str, Any]:
    """The names of the metrics of a history, as W&B's `historyKeys`."""
    names = (name for name in summary if not name.startswith("_"))
    return {"keys": {name: {} for name in sorted(names)}, "lastStep": last_step}


def snake_to_camel(string: str) -> str:
    """`display_name` as `displayName`."""
    first, *others = string.split("_")
    return first + "".join(part.title() for part in others)


def attribute(record: RunRecord, name: str) -> Any:
    """A field of the record, by its name or the camel-cased form of it."""
    fields = {**record.fields.get("metadata", {}), **record.fields}
    known = {snake_to_camel(field): value for field, value in fields.items()}
    for spelled in (name, snake_to_camel(name)):
        if spelled in fields:
            return fields[spelled]
        if spelled in known:
            return known[spelled]
    raise AttributeError(f"'Run' object has no attribute {name!r}")


def shown(name: str, state: str, config: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    """A run as a page that needs nothing else."""
    tables = "".join(
        f"<h2>{title}</h2><table>{''.join(map(_row, values.items()))}</table>"
        for title, values in (("config", config), ("summary", summary))
    )
    return f"<h1>{html.escape(name)} ({state})</h1>{tables}"


def _row(item: tuple[str, Any]) -> str:
    name, value = item
    told = value if isinstance(value, str) else json.dumps(value, default=str)
    return f"<tr><th>{html.escape(name)}</th><td>{html.escape(told)}</td></tr>"


def to_html(document: str, height: int, *, hidden: bool) -> str:
    """W&B's iframe, around a page of our own; what is hidden has a button that shows it."""
    source = html.escape(document, quote=True)
    style = f"border:none;width:100%;height:{int(height)}px;"
    prefix = ""
    if hidden:
        style += "display:none;"
        show = "this.nextSibling.style.display='block';this.style.display='none';"
        prefix = f'<button onClick="{show}">Display W&amp;B run</button>'
    return f"{prefix}<iframe sandbox srcdoc='{source}' style='{style}'></iframe>"


def display(page: str) -> bool:
    """Show HTML in a notebook; False where there is none."""
    try:
        notebook = import_module("IPython")
        shown = import_module("IPython.display")
    except ImportError:
        return False
    if notebook.get_ipython() is None:
        return False
    shown.display(shown.HTML(page))
    return True


def sweep_of(workspace: Workspace, record: RunRecord) -> Any:
    """The sweep that a run belongs to; None without one, and where only the run was copied."""
    name = record.fields.get("sweep")
    if name is None:
        return None
    from wbart.api import Api

    path = record.path
    try:
        return Api._within(workspace).sweep(f"{path.entity}/{path.project}/{name}")
    except NotFound:
        return None


def user_of(workspace: Workspace, record: RunRecord) -> Any:
    """Who began a run."""
    from wbart.api import Api

    return Api._within(workspace).user(record.actor)
