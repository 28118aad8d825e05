"""WBValue: an object that an artifact or a run keeps as JSON, with files beside it.

The contract between the kinds of objects (tables, images, …) and the places that keep them:
a `Holder` takes what an object consists of, a `Source` gives it back. Shapes and names are W&B's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, NamedTuple, Protocol, Self, cast

from wbart.errors import ArgumentInvalid

if TYPE_CHECKING:
    from wbart.media.dtype import Type

_HOMES: Final = {
    "audio-file": ("wbart.media.audio", "Audio"),
    "bokeh-file": ("wbart.media.bokeh", "Bokeh"),
    "bounding-boxes": ("wbart.media.boundingboxes", "BoundingBoxes2D"),
    "classes": ("wbart.media.classes", "Classes"),
    "html-file": ("wbart.media.html", "Html"),
    "image-file": ("wbart.media.image", "Image"),
    "joined-table": ("wbart.media.joinedtable", "JoinedTable"),
    "mask": ("wbart.media.imagemask", "ImageMask"),
    "molecule-file": ("wbart.media.molecule", "Molecule"),
    "object3D-file": ("wbart.media.object3d", "Object3D"),
    "partitioned-table": ("wbart.media.partitionedtable", "PartitionedTable"),
    "table": ("wbart.media.table", "Table"),
    "video-file": ("wbart.media.video", "Video"),
}
ADDABLE: Final = tuple(sorted(_HOMES))
"""The log types of what `Artifact.add` takes."""
ADDABLE_NAMES: Final = ", ".join(name for _, name in sorted(_HOMES.values()))
_ONLY_IN_RUNS: Final = {
    "histogram": ("wbart.media.histogram", "Histogram"),
    "incremental-table-file": ("wbart.media.table", "Table"),
    "plotly-file": ("wbart.media.plotly", "Plotly"),
    "table-file": ("wbart.media.table", "Table"),
}


class Held(NamedTuple):
    """Where a holder keeps something, and the digest that it shows for it."""

    path: str
    digest: str


class Holder(Protocol):
    """A draft artifact, or a run, that takes what an object consists of."""

    @property
    def kind(self) -> Literal["artifact", "run"]:
        """Which of the two; W&B's JSON differs."""
        ...

    @property
    def label(self) -> str:
        """`<key>_<step>` of what a run logs, for the names of files; empty in an artifact."""
        ...

    def hold_file(self, local: Path | bytes, path: str) -> str:
        """Keep the bytes under this path and return it. The same bytes twice are fine."""
        ...

    def held(self, local: Path) -> str | None:
        """The path under which a local file is kept already."""
        ...

    def hold_value(self, value: WBValue, name: str) -> Held:
        """Keep another object as a file of its own, as `Artifact.add` does."""
        ...

    def refer(self, uri: str, path: str) -> str:
        """Keep a reference to what a URI names under this path and return it."""
        ...

    def hold_from(self, origin: Origin, path: str) -> str:
        """Keep a file of another source under the same path and return that.

        An artifact refers to it where the source is an artifact, too; a run keeps the bytes.
        """
        ...

    def has(self, path: str) -> bool:
        """Whether anything is kept under this path."""
        ...


class Source(Protocol):
    """What an object is read from: a committed version, a draft, a run or a folder."""

    def local_path(self, path: str) -> Path:
        """The file of that path on this machine; fetched if need be. Raises PathNotFound."""
        ...

    def get(self, name: str) -> WBValue | None:
        """The object of that name, with or without the suffix of its type."""
        ...

    def below(self, folder: str) -> Sequence[str]:
        """The paths below a folder, sorted."""
        ...


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an object was read from."""

    source: Source
    name: str | None = None
    """Its name there; None of what lay inside another object."""


class WBValue:
    """An object that artifacts and runs keep. Two are equal when they hold the same."""

    _log_type: ClassVar[str | None] = None
    _origin: Origin | None = None
    """Where it was read from; what lies there is referred to and not copied."""
    _target: Origin | None = None
    """The draft that it was added to first, and its path there."""

    def to_json(self, holder: Holder) -> dict[str, Any]:
        """W&B's JSON of it; the files that it needs go to the holder."""
        raise ArgumentInvalid(f"a {type(self).__name__} has no form of its own")

    @classmethod
    def from_json(cls, json_obj: dict[str, Any], source: Source) -> Self:
        """The object of its JSON, and of the files of the source that it names."""
        raise ArgumentInvalid(f"a {cls.__name__} has no form of its own")

    @classmethod
    def with_suffix(cls, name: str, filetype: str = "json") -> str:
        """The name of its file: `<name>.<log type>.json`, unless it ends so already."""
        suffix = f"{cls._log_type}.{filetype}" if cls._log_type is not None else filetype
        return name if name.endswith(suffix) else f"{name}.{suffix}"

    @classmethod
    def class_type(cls) -> Type:
        """The type of a column that is declared to hold such objects."""
        from wbart.media.dtype import MediaType

        return MediaType(cls._log_type or "")

    def value_type(self) -> Type:
        """The type of a column that holds it."""
        return type(self).class_type()

    def to_data_array(self) -> Any:
        """Its content as nested lists, for `Table.get_column(convert_to="numpy")`."""
        raise ArgumentInvalid(f"a {type(self).__name__} is no array")


def by_log_type(name: str) -> type[WBValue] | None:
    """The class of a log type, imported when it is asked for; None for what nobody knows."""
    home = _HOMES.get(name) or _ONLY_IN_RUNS.get(name)
    if home is None:
        return None
    return cast("type[WBValue]", getattr(import_module(home[0]), home[1]))


def read_value(json_obj: dict[str, Any], source: Source) -> WBValue | None:
    """The object whose JSON lies inside another's; None if its type is unknown."""
    kind = by_log_type(str(json_obj.get("_type")))
    if kind is None or not issubclass(kind, WBValue):
        return None
    value = kind.from_json(json_obj, source)
    value._origin = Origin(source)
    return value
