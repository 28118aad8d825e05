"""EventLog: what the event files of one folder say together, as TensorBoard takes them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

from wbart.apis.importers.protobuf_wire import WireInvalid
from wbart.apis.importers.tensorboard import histogram, hparams
from wbart.apis.importers.tensorboard.event import START, Event, Value
from wbart.apis.importers.tensorboard.mediafiles import MediaFiles, texts
from wbart.apis.importers.tensorboard.series import Series
from wbart.apis.importers.tensorboard.tensor import Tensor, tensor

_VERSION = "brain.Event:"
_SINGLE = {"scalars", ""}
_NO_VALUES = {hparams.PLUGIN, "graphs", "graph_run_metadata", "graph_keras_model", "custom_scalars"}
"""Plugins whose tags say nothing of a step: they describe the model, or the page."""


class EventLog:
    """Takes the events of a folder in the order of its files, and purges what restarts orphan.

    The rules are those of TensorBoard's `event_accumulator`: when a session starts again, all
    that was said of its step and later ones goes. Files before version 2 do not tell of that;
    there a step that is less than the one before takes away what its tags said later.
    """

    def __init__(self, media: MediaFiles) -> None:
        self.series: dict[str, Series] = {}
        self.session = hparams.Session()
        self.skipped: Counter[str] = Counter()
        """What was not taken, by a word for what it is."""
        self.purged = 0
        self.first = math.inf
        """When the first event was written, in seconds; infinite before there is one."""
        self.last = -math.inf
        """When the last value was written; minus infinite before there is one."""
        self._media = media
        self._plugins: dict[str, str] = {}
        self._restarts_are_told = False
        self._newest = -1

    def add(self, event: Event) -> None:
        """Take in an event. Never raises: a value that is broken is counted as skipped."""
        if event.version is not None:
            self._restarts_are_told = _version(event.version) >= 2
        if event.wall_time > 0 and math.isfinite(event.wall_time):
            self.first = min(self.first, event.wall_time)
            if event.has_summary:
                self.last = max(self.last, event.wall_time)
        self._purge(event)
        for value in event.values:
            self._take(event, value)

    def _purge(self, event: Event) -> None:
        if self._restarts_are_told:
            if event.status == START:
                self.purged += sum(each.purge(event.step) for each in self.series.values())
        elif event.step < self._newest and event.has_summary:
            tags = {value.tag for value in event.values} & self.series.keys()
            self.purged += sum(self.series[tag].purge(event.step) for tag in tags)
        else:
            self._newest = event.step

    def _take(self, event: Event, value: Value) -> None:
        try:
            plugin = self._plugin(value)
            if plugin in _NO_VALUES:
                return
            kind, found = self._read(value, plugin)
        except WireInvalid:
            self.skipped[f"broken {value.kind or 'value'}s"] += 1
            return
        if kind:
            self.skipped[kind] += 1
        elif event.step < 0:
            self.skipped["values of steps below 0"] += 1
        elif not value.tag:
            self.skipped["values without a tag"] += 1
        else:
            wall_time = event.wall_time if math.isfinite(event.wall_time) else 0.0
            self.series.setdefault(value.tag, Series()).add(event.step, wall_time, found)

    def _plugin(self, value: Value) -> str:
        """Who made the values of this tag: the first one tells, and may be the only one."""
        known = self._plugins.get(value.tag)
        if known is not None or value.plugin is None:
            return known or ""
        self._plugins[value.tag] = value.plugin
        if value.plugin == hparams.PLUGIN:
            self.session.read(value.content)
        return value.plugin

    def _read(self, value: Value, plugin: str) -> tuple[str, Any]:
        """A word for what we do not take, or else what we take as JSON."""
        if value.kind == "scalar":
            return "", value.number
        if value.kind == "image":
            return "", self._media.image(value.message)
        if value.kind == "histogram":
            return "", histogram.of_message(value.message)
        if value.kind == "audio":
            return "", self._media.sound(value.message)
        if value.kind == "tensor":
            return self._read_tensor(value.message, plugin)
        return plugin or "values of unknown kinds", None

    def _read_tensor(self, message: bytes, plugin: str) -> tuple[str, Any]:
        readers: dict[str, Callable[[Tensor], Any]] = {
            "images": self._media.images,
            "histograms": histogram.of_tensor,
            "audio": self._media.sounds,
            "text": texts,
        }
        if plugin in readers:
            return "", readers[plugin](tensor(message))
        if plugin not in _SINGLE:
            return plugin, None
        found = tensor(message)
        if found.numbers is None:
            return "", texts(found)
        if len(found.numbers) != 1:
            return "tensors of many numbers", None
        return "", found.numbers[0]


def _version(text: str) -> float:
    try:
        return float(text.removeprefix(_VERSION)) if text.startswith(_VERSION) else -1.0
    except ValueError:
        return -1.0
