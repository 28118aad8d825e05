"""Folders that are stores, known by what lies in them: never data themselves."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

from wbart_storage.keys import CONFIG_KEY

STORE_FOLDER = ".wbart"
"""How a store in a project is usually called."""


def is_store(folder: str, names: Collection[str] | None = None) -> bool:
    """Whether a store lies in the folder; names are what is known to lie there.

    Any format counts, since what a later release wrote is no less worth keeping.
    """
    if names is not None and CONFIG_KEY not in names:
        return False
    try:
        document = json.loads(Path(folder, CONFIG_KEY).read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(document, dict) and {"format", "store_id"} <= document.keys()
