"""Libraries that only some kinds of objects need, imported where they are used."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from wbart.errors import UsageError


def library(module: str, package: str, user: str) -> Any:
    """The module; raises UsageError naming the package to install when it is not there."""
    try:
        return import_module(module)
    except ImportError as error:
        raise UsageError(f"{user} needs {package}: pip install {package}") from error


def pillow(user: str) -> Any:
    """`PIL.Image`."""
    return library("PIL.Image", "pillow", user)


def is_of(value: object, *packages: str) -> bool:
    """Whether the value's class comes from one of these packages, which need not be installed."""
    return any(
        kind.__module__.partition(".")[0] in packages
        for kind in type(value).__mro__
        if kind.__module__ is not None
    )


def is_array(value: object) -> bool:
    """Whether it is an array of numpy's; asking does not import it."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ndarray)
