"""Settings that lie in files: `wbart.toml`, or `[tool.wbart]` in `pyproject.toml`.

Tables inside are left to those who own them (the inputs that `wbart sync` fetches, say).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from wbart.errors import SettingInvalid
from wbart_storage.files.storefolder import STORE_FOLDER
from wbart_storage.keys import CONFIG_KEY


def find_file(start: Path) -> tuple[Path, Mapping[str, object]] | None:
    """The nearest file upwards that speaks of wbart, and its settings.

    Of two in one folder `wbart.toml` wins. SettingInvalid when it cannot be read.
    """
    for folder in (start, *start.parents):
        for name in ("wbart.toml", "pyproject.toml"):
            path = folder / name
            if os.path.isfile(path):
                found = _section(path)
                if found is not None:
                    return path, found
    return None


def find_store(start: Path) -> Path | None:
    """The nearest `.wbart` folder upwards."""
    for folder in (start, *start.parents):
        # os.path answers False where Path would raise: a parent that we may not look into.
        if os.path.isdir(folder / STORE_FOLDER):
            return folder / STORE_FOLDER
    return None


def in_store(path: Path) -> bool:
    """Whether a file lies inside a store, in its root or deeper."""
    return any(os.path.isfile(folder / CONFIG_KEY) for folder in path.parents)


def _section(path: Path) -> Mapping[str, object] | None:
    data = _read(path)
    if path.name != "pyproject.toml":
        return data
    tool = data.get("tool")
    section = tool.get("wbart") if isinstance(tool, dict) else None
    if section is not None and not isinstance(section, dict):
        raise SettingInvalid(f"tool.wbart in {path} must be a table")
    return section


def _read(path: Path) -> dict[str, object]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise SettingInvalid(f"cannot read {path}: {reason}") from error
