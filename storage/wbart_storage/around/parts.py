"""Uploads in parts, passed on by a store that holds a store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from wbart_storage.objects import Part, Parts

_Result = TypeVar("_Result")
Through = Callable[[str, str, Callable[[], Any]], Any]
"""Does a call, given its name, its key and what does it."""


class PartsThrough:
    """Passes every call to inner by way of a function: one that tries again, say."""

    def __init__(self, inner: Parts, through: Through) -> None:
        self._inner = inner
        self._through = through

    def begin(self, key: str) -> str:
        return self._do("begin", key, lambda: self._inner.begin(key))

    def part(self, key: str, upload: str, number: int, data: bytes) -> Part:
        return self._do("part", key, lambda: self._inner.part(key, upload, number, data))

    def parts(self, key: str, upload: str) -> list[Part]:
        return self._do("parts", key, lambda: self._inner.parts(key, upload))

    def complete(self, key: str, upload: str, parts: Sequence[Part]) -> None:
        self._do("complete", key, lambda: self._inner.complete(key, upload, parts))

    def abort(self, key: str, upload: str) -> None:
        self._do("abort", key, lambda: self._inner.abort(key, upload))

    def _do(self, name: str, key: str, call: Callable[[], _Result]) -> _Result:
        done: _Result = self._through(name, key, call)
        return done
