"""A process that copies a version, and may die of SIGKILL on the way. Run by the tests.

Its one argument is an `Order` as JSON. A line of JSON with what it did goes to stdout.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from wbart.copying.copy import Copied, Copying, Wishes
from wbart.refs.loading import load
from wbart.settings.settings import Settings
from wbart.workspace import Workspace
from wbart_storage.around.trace import Call, Trace


class Place(msgspec.Struct, frozen=True):
    """A store, and what options reach it."""

    url: str
    options: dict[str, Any] = {}


class Order(msgspec.Struct, frozen=True):
    """What is to be copied, and after which put of data the process dies; 0: it lives."""

    folder: str
    source: Place
    target: Place
    ref: str
    puts: int = 0


class Told(msgspec.Struct, frozen=True):
    """What the process did: keys that it put, and what `wbart.copy` says."""

    put: list[str]
    new: bool
    objects: int
    size: int


def workspace(folder: Path, place: Place) -> Workspace:
    """The store at a place, with a cache below folder."""
    settings = Settings(
        store=place.url,
        cache_dir=folder / "cache",
        data_dir=folder / "data",
        entity="ent",
        project="proj",
        storage_options=place.options,
    )
    return Workspace.open(settings, create=False)


def traced(workspace: Workspace, told: list[Call], puts: int = 0) -> Workspace:
    """The same workspace, whose calls are told, and which kills the process after so many puts."""
    numbers = count(1)

    def tell(call: Call) -> None:
        told.append(call)
        if call.name == "put" and call.key[:2] in ("k/", "o/") and next(numbers) == puts:
            os.kill(os.getpid(), signal.SIGKILL)

    store = replace(workspace.store, objects=Trace(workspace.store.objects, tell))
    return Workspace(workspace.settings, store)


def copied(source: Workspace, target: Workspace, ref: str) -> Copied:
    """Copy one version between stores that are open."""
    return Copying(source, target, Wishes(), lambda event: None).run([load(source, ref)])


def main() -> None:
    """Do as the order says."""
    order = msgspec.json.decode(sys.argv[1], type=Order)
    folder = Path(order.folder)
    calls: list[Call] = []
    target = traced(workspace(folder, order.target), calls, order.puts)
    done = copied(workspace(folder, order.source), target, order.ref)
    put = [call.key for call in calls if call.name == "put"]
    told = Told(put, done.versions[0].new, done.objects, done.size)
    sys.stdout.write(msgspec.json.encode(told).decode() + "\n")


if __name__ == "__main__":
    main()
