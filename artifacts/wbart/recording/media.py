"""Media objects in what a run logs: their files wait for the store, their JSON goes on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from wbart.media.library import is_of
from wbart.media.value import Held, Origin, WBValue
from wbart.recording import keys
from wbart.recording.tables import TABLES, log_table

if TYPE_CHECKING:
    from wbart.recording.liverun import Run
    from wbart.recording.waiting import Waiting

Keep = Callable[[str, Any], Any]
"""What keeps a media object of a name, and returns its JSON."""
_INTERNAL = "_wandb"
_PLAIN = frozenset((bool, float, int, str, type(None)))


def is_media(value: object) -> bool:
    """Whether a run keeps it as a media object, or a list of them."""
    if value.__class__ in _PLAIN or isinstance(value, float | int | str | Mapping):
        return False
    if isinstance(value, WBValue) or _is_figure(value) or _is_frame(value):
        return True
    if isinstance(value, list | tuple):
        return bool(value) and all(isinstance(each, WBValue) for each in value)
    return False


class RunMedia:
    """What makes JSON of the media objects that a run logs, and keeps their files."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._labels: dict[str, Any] = {}

    @property
    def waiting(self) -> Waiting:
        """Where the files wait for the store."""
        return self._run._recorder.waiting

    def at(self, step: int | None) -> Keep:
        """What keeps the media objects of a row of that step, the current one unless given."""
        return lambda key, value: self.to_json(
            key, value, self._run._history.step if step is None else step
        )

    def in_summary(self, key: str, value: Any) -> Any:
        """Keep a media object that is set in the summary."""
        return self.to_json(key, value, "summary")

    def with_labels(self, config: dict[str, Any]) -> dict[str, Any]:
        """The config with the names of the classes of masks and boxes, where W&B has them."""
        if not self._labels:
            return config
        internal = dict(config.get(_INTERNAL) or {})
        for kind, labels in self._labels.items():
            internal[kind] = {**internal.get(kind, {}), **labels}
        return {**config, _INTERNAL: internal}

    def to_json(self, key: str, value: Any, step: int | str) -> Any:
        """The JSON of what is logged under a key at a step, or in the summary."""
        holder = RunHolder(self, key, f"{keys.in_paths(key)}_{step}")
        if isinstance(value, list | tuple):
            from wbart.media.batch import batch_json

            return batch_json(value, holder)
        made = _object(value)
        if made._log_type in TABLES:
            return log_table(self._run, key, made, holder)
        return made.to_json(holder)

    def label(self, kind: str, key: str, labels: Mapping[Any, str]) -> None:
        """Keep labels in the run's config, which is stored when they are new."""
        told = {"type": kind, "key": key, "value": {str(id): name for id, name in labels.items()}}
        if self._labels.setdefault(kind, {}).get(key) != told:
            self._labels[kind][key] = told
            self._run._store_config()


@dataclass(frozen=True, slots=True)
class RunHolder:
    """Holds what one logged object consists of."""

    media: RunMedia
    key: str
    label: str
    kind: Literal["run"] = "run"

    def hold_file(self, local: Path | bytes, path: str) -> str:
        """Copy the bytes to where they wait for the store."""
        return self.media.waiting.keep(local, path)

    def held(self, local: Path) -> str | None:
        """None: what a run keeps is named by its key, too."""
        return None

    def hold_value(self, value: WBValue, name: str) -> Held:
        """Keep the object as a file."""
        from wbart.media.objects import dumps

        data = dumps(value.to_json(self))
        return Held(self.hold_file(data, value.with_suffix(name)), "")

    def refer(self, uri: str, path: str) -> str:
        """The URI itself: runs have no references."""
        return uri

    def hold_from(self, origin: Origin, path: str) -> str:
        """Copy the bytes of the source."""
        return self.hold_file(origin.source.local_path(path), path)

    def has(self, path: str) -> bool:
        """Whether it waits under this path."""
        return path in self.media.waiting.files()

    def hold_labels(self, kind: str, key: str, labels: Mapping[Any, str]) -> None:
        """Keep the labels by W&B's names."""
        self.media.label(kind, f"{self.key}_wandb_delimeter_{key}", labels)


def _object(value: Any) -> WBValue:
    if isinstance(value, WBValue):
        return value
    if _is_frame(value):
        from wbart.media.table import Table

        return Table(dataframe=value)
    from wbart.media.plotly import Plotly

    return Plotly.make_plot_media(value)


def _is_figure(value: object) -> bool:
    if is_of(value, "plotly"):
        return hasattr(value, "to_plotly_json")
    return is_of(value, "matplotlib") and hasattr(value, "get_figure")


def _is_frame(value: object) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, getattr(pandas, "DataFrame", ()))
