"""The store of the README keeps the contract, as it is printed there."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from wbart_storage.backends.memory import fold
from wbart_storage.errors import ObjectExists, ObjectMissing
from wbart_storage.keys import check_key, check_prefix
from wbart_storage.objects import ObjectStat, ObjectStore, check_range
from wbart_storage.testing import StoreContract
from wbart_storage.translate import translated

README = Path(__file__).parents[2] / "storage" / "README.md"
NAMES: dict[str, Any] = {
    "Iterable": Iterable,
    "Iterator": Iterator,
    "ObjectExists": ObjectExists,
    "ObjectMissing": ObjectMissing,
    "ObjectStat": ObjectStat,
    "Path": Path,
    "check_key": check_key,
    "check_prefix": check_prefix,
    "check_range": check_range,
    "fold": fold,
    "time": time,
    "translated": translated,
}


def printed_store() -> ObjectStore:
    code = re.findall(r"```python\n(class MyObjects.*?)```", README.read_text(), re.DOTALL)
    assert len(code) == 1
    names = dict(NAMES)
    exec(code[0], names)
    return cast(ObjectStore, names["MyObjects"]())


class TestMyObjects(StoreContract):
    @pytest.fixture
    def store(self) -> ObjectStore:
        return printed_store()
