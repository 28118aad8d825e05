"""How the value of one setting is read, from a text of the environment or a value of a file.

Every reader takes (value, folder) and raises ValueError or TypeError with the reason.
A relative path means: from the folder of the file that says so, else from where we are.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from wbart import names
from wbart.settings.sizes import Capacity

Reader = Callable[[object, Path], object]

_TRUE: Final = ("1", "true", "yes", "on")
_FALSE: Final = ("0", "false", "no", "off")
_SECRET: Final = re.compile(
    r"(?i)(^|_)(key|secret|token|password|passphrase|sas|credentials?|connection_string)(_|$)"
)
_NO_SECRETS: Final = (None, "", "anon", "google_default", "cache", "cloud", "browser")
"""Words that gcsfs takes for a token."""
LINKS: Final = ("auto", "reflink", "copy", "hardlink", "symlink")
SERVICES: Final = ("s3", "gs", "az")
"""Where objects lie that references lead to, besides the web and the disk."""
DURABILITIES: Final = ("full", "fast")
CLIENTS: Final = ("fsspec", "obstore")
WANDB_DIGESTS: Final = ("MD5", "XXH128")


def store(value: object, folder: Path) -> str:
    """A URL stays as it is; a path becomes absolute. An empty text is none."""
    text = os.fspath(value) if isinstance(value, os.PathLike) else _text(value)
    if not text:
        raise ValueError("must name a store")  # an unset variable means no folder, not this one
    return text if "://" in text or "::" in text else str(path(text, folder))


def path(value: object, folder: Path) -> Path:
    """An absolute path; `~` is the home folder."""
    given = value if isinstance(value, os.PathLike) else _text(value)
    try:
        return Path(os.path.abspath(folder / Path(given).expanduser()))
    except RuntimeError as error:
        raise ValueError(str(error)) from error


def relative(value: object, folder: Path) -> Path:
    """A path that stays relative, so that what is shown stays short."""
    return Path(value if isinstance(value, os.PathLike) else _text(value)).expanduser()


def entity(value: object, folder: Path) -> str:
    """A name that an entity may have."""
    return names.entity(value)


def project(value: object, folder: Path) -> str:
    """A name that a project may have."""
    return names.project(value)


def flag(value: object, folder: Path) -> bool:
    """True, False, or one of the words 1 0 true false yes no on off."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in _TRUE + _FALSE:
        raise ValueError(f"must be one of {', '.join(_TRUE + _FALSE)}, not {value!r}")
    return word in _TRUE


def jobs(value: object, folder: Path) -> int:
    """How many things at once, at least one."""
    try:
        count = int(str(value))
    except ValueError:
        count = 0
    if isinstance(value, bool) or count < 1:
        raise ValueError(f"must be a whole number of at least 1, not {value!r}")
    return count


def capacity(value: object, folder: Path) -> Capacity:
    """A size or a share of the disk; a bare number is bytes."""
    return value if isinstance(value, Capacity) else Capacity.parse(str(value))


def seconds(value: object, folder: Path) -> float:
    """A number of seconds above 0."""
    number = float(value) if isinstance(value, int | float | str) else 0.0
    if not 0 < number < float("inf"):
        raise ValueError(f"{value!r} is not a number of seconds above 0")
    return number


def link(value: object, folder: Path) -> str:
    """One of LINKS."""
    return _one_of(_text(value).lower(), LINKS)


def digest_algorithm(value: object, folder: Path) -> str:
    """One of WANDB_DIGESTS, in upper or lower case."""
    return _one_of(_text(value).upper(), WANDB_DIGESTS)


def durability(value: object, folder: Path) -> str:
    """One of DURABILITIES."""
    return _one_of(_text(value).lower(), DURABILITIES)


def client(value: object, folder: Path) -> str:
    """One of CLIENTS."""
    return _one_of(_text(value).lower(), CLIENTS)


def storage_options(value: object, folder: Path) -> Mapping[str, object]:
    """A JSON object, or a table of a file."""
    if isinstance(value, str):
        import json

        try:
            value = json.loads(value)
        except ValueError:
            # The text itself may hold a key: it must not travel in a message.
            raise ValueError("is not JSON") from None
    if not isinstance(value, Mapping):
        raise ValueError("must be a JSON object")
    return dict(value)


def reference_options(value: object, folder: Path) -> Mapping[str, Mapping[str, object]]:
    """Options by service or beginning of a URL: a JSON object of objects, or a table of tables."""
    options = storage_options(value, folder)
    found: dict[str, Mapping[str, object]] = {}
    for name, given in options.items():
        if name not in SERVICES and "://" not in name:
            services = ", ".join(SERVICES)
            raise ValueError(f"{name!r} is neither a service ({services}) nor begins a URL")
        if not isinstance(given, Mapping):
            raise ValueError(f"{name!r} must be a JSON object, too")
        found[name] = dict(given)
    return found


def folders(value: object, folder: Path) -> tuple[Path, ...]:
    """Absolute folders: a list, or a text in which they are separated as in PATH."""
    given = value if isinstance(value, list | tuple) else _text(value).split(os.pathsep)
    return tuple(path(each, folder) for each in given if each)


def secret_name(options: object) -> str | None:
    """The name of an option, at any depth, that holds a secret; None where there is none."""
    if not isinstance(options, Mapping):
        return None
    for name, value in options.items():
        if isinstance(value, Mapping):
            if beneath := secret_name(value):
                return f"{name}.{beneath}"
        elif _SECRET.search(str(name)) and value not in _NO_SECRETS:
            return str(name)
    return None


def _one_of(word: str, words: tuple[str, ...]) -> str:
    if word not in words:
        raise ValueError(f"must be one of {', '.join(words)}, not {word!r}")
    return word


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"must be text, not {type(value).__name__}")
    return value
