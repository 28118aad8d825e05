"""The settings of the library: the one place that reads the environment.

Each setting is looked for in this order: given explicitly, `WBART_<NAME>`, W&B's twin of that
variable, `wbart.toml` or `[tool.wbart]` found upwards, and at last a default. The store has one
more place before its default, a `.wbart` folder found upwards. An empty variable counts as unset.
Storage options come whole from the nearest that has any: two sources mixed would send the key of
one account to the endpoint of another.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from wbart.errors import SettingInvalid
from wbart.names import DEFAULT_PROJECT
from wbart.settings import value as read
from wbart.settings.cloud import with_surroundings
from wbart.settings.file import find_file, find_store, in_store
from wbart.settings.sizes import Capacity

_READERS: Final[Mapping[str, read.Reader]] = {
    "store": read.store,
    "entity": read.entity,
    "project": read.project,
    "organization": read.entity,
    "cache_dir": read.path,
    "cache_size": read.capacity,
    "artifact_dir": read.relative,
    "data_dir": read.path,
    "config_dir": read.path,
    "offline": read.flag,
    "jobs": read.jobs,
    "link": read.link,
    "client": read.client,
    "sync": read.flag,
    "stats": read.flag,
    "stats_interval": read.seconds,
    "durability": read.durability,
    "digest_algorithm": read.digest_algorithm,
    "storage_options": read.storage_options,
    "reference_options": read.reference_options,
    "reference_roots": read.folders,
    "private_references": read.flag,
}
_TWINS: Final = (
    "entity",
    "project",
    "organization",
    "cache_dir",
    "artifact_dir",
    "data_dir",
    "config_dir",
)
"""Settings for which W&B has a variable, too."""

DRAW: Final = "WBART_SWEEP"
"""The variable in which an agent tells a program its draw; no setting of the user's."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the surroundings say. `Settings.load()` asks them; the constructor asks nobody."""

    store: str
    """A URL or an absolute path."""
    cache_dir: Path
    data_dir: Path
    """Where drafts and the default store lie."""
    config_dir: Path | None = None
    """Where people and teams are told; None: the user's config folder."""
    entity: str | None = None
    """None: the store's own default entity."""
    project: str = DEFAULT_PROJECT
    organization: str | None = None
    """The entity that has the registries; None: the store's own default entity."""
    cache_size: Capacity | None = None
    """None: the smaller of 50 GB and a tenth of the disk."""
    artifact_dir: Path = Path("artifacts")
    """Default root of downloads; relative to the working folder, as W&B's is."""
    offline: bool = False
    jobs: int | None = None
    """How many things at once; None: as many as the work and the machine suit."""
    link: str = "auto"
    """How files come out of the cache: auto (reflink, else copy), copy, hardlink, symlink."""
    sync: bool = False
    """Logging waits until the version is committed."""
    stats: bool = True
    """Whether runs sample the machine: processor, memory, disk, network."""
    stats_interval: float = 15.0
    """Seconds between two samples."""
    durability: str = "full"
    """fast: of what goes into a local store only records survive a power loss soon after."""
    digest_algorithm: str | None = None
    """MD5 or XXH128 for W&B's digests on top; None: the store's own."""
    storage_options: Mapping[str, object] = field(default_factory=dict, hash=False)
    """What fsspec is given for the store's URL, and `client` where one was chosen."""
    client: str | None = None
    """The library that speaks to buckets: fsspec or obstore; None: fsspec."""
    reference_options: Mapping[str, Mapping[str, object]] = field(default_factory=dict, hash=False)
    """What fsspec is given for references, by service (s3, gs, az) or beginning of a URL."""
    reference_roots: tuple[Path, ...] | None = None
    """Folders below which `file://` references may be read; None: any."""
    private_references: bool = False
    """Whether references may lead to addresses of the web that are not everybody's."""
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Where each value that is no default came from, in words."""

    @classmethod
    def load(
        cls,
        overrides: Mapping[str, object] | None = None,
        environ: Mapping[str, str] | None = None,
        start: Path | None = None,
    ) -> Settings:
        """Ask overrides (None counts as not given), the environment, files, and the folders.

        SettingInvalid names the variable, the file or the override, and what is wrong with it.
        """
        environ = os.environ if environ is None else environ
        start = Path(os.path.abspath(Path.cwd() if start is None else start))
        values: dict[str, Any] = {}
        sources: dict[str, str] = {}
        for name, value, source, folder in _given(overrides or {}, environ, start):
            if name not in values:
                values[name] = _read(name, value, source, folder)
                sources[name] = source
        _fill_folders(values)
        given = values.get("reference_options", {})
        values["reference_options"] = with_surroundings(given, environ)
        if "client" in values:
            options = values.get("storage_options", {})
            values["storage_options"] = {"client": values["client"], **options}
        if "store" not in values:
            found = find_store(start)
            if found is not None:
                sources["store"] = str(found)
            values["store"] = str(found or values["data_dir"] / "store")
        return cls(**values, sources=sources)

    @property
    def people_dir(self) -> Path:
        """The config folder that applies."""
        if self.config_dir is not None:
            return self.config_dir
        import platformdirs

        return platformdirs.user_config_path("wbart", appauthor=False)

    def __repr__(self) -> str:
        # Storage options hold keys; a repr ends in logs.
        shown = (
            f"{each.name}={getattr(self, each.name)!r}"
            for each in fields(self)
            if each.name not in ("sources", "storage_options", "reference_options")
        )
        return f"Settings({', '.join(shown)})"


_Given = tuple[str, object, str, Path]


def _given(
    overrides: Mapping[str, object], environ: Mapping[str, str], start: Path
) -> Iterator[_Given]:
    """Everything that anybody says: name, value, who says so, and where it is relative to."""
    for name, value in overrides.items():
        _known(name, "the call")
        if value is not None:
            yield name, value, "the call", start
    yield from _variables(environ, start)
    found = find_file(start)
    if found is not None:
        yield from _lines(*found)


def _variables(environ: Mapping[str, str], start: Path) -> Iterator[_Given]:
    for name in _READERS:
        own = f"WBART_{name.upper()}"
        if environ.get(own):
            yield name, environ[own], own, start
    for name in _TWINS:
        twin = f"WANDB_{name.upper()}"
        if environ.get(twin):
            # W&B keeps its own files below its folders; ours stay apart from them.
            value = environ[twin]
            below = name in ("cache_dir", "data_dir", "config_dir")
            yield name, os.path.join(value, "wbart") if below else value, twin, start


def _lines(path: Path, settings: Mapping[str, object]) -> Iterator[_Given]:
    for key, value in settings.items():
        name = key.replace("-", "_")
        if isinstance(value, Mapping | list) and name not in _READERS:
            continue
        _known(name, str(path))
        if name == "storage_options" and in_store(path):
            _check_open(value, path)
        yield name, value, f"{key} in {path}", path.parent


def _check_open(value: object, path: Path) -> None:
    """Refuse secrets in a file that whoever reads the store reads, too."""
    if name := read.secret_name(value):
        raise SettingInvalid(f"{path} lies inside a store and holds a secret: {name}")


def _known(name: str, source: str) -> None:
    if name not in _READERS:
        raise SettingInvalid(f"unknown setting {name!r} in {source}")


def _read(name: str, value: object, source: str, folder: Path) -> object:
    try:
        return _READERS[name](value, folder)
    except (TypeError, ValueError) as error:
        label = f"{name} given to the call" if source == "the call" else source
        raise SettingInvalid(f"{label}: {error}") from error


def _fill_folders(values: dict[str, Any]) -> None:
    if "cache_dir" in values and "data_dir" in values:
        return
    import platformdirs

    values.setdefault("cache_dir", platformdirs.user_cache_path("wbart", appauthor=False))
    values.setdefault("data_dir", platformdirs.user_data_path("wbart", appauthor=False))


def surroundings(**variables: str) -> dict[str, str]:
    """The environment as a child process gets it, with more variables."""
    return {**os.environ, **variables}


def draw_to_try() -> str | None:
    """The draw of a sweep that an agent has begun this process for."""
    return os.environ.get(DRAW) or None
