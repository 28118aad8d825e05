"""What all chapters of the contract share: the store under test, and bytes to give it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from wbart_storage.objects import ObjectStore

DATA = bytes(range(256)) * 41 + b"\r\n\0\xff the end, at an odd length"
"""Bytes of every value, longer than a page: a store that cuts or converts does not get away."""


class Chapter:
    """Tests of one side of a store. Chapters are put together in StoreContract."""

    @pytest.fixture
    def store(self) -> ObjectStore:
        """The store under test, empty. To be overridden."""
        raise RuntimeError("a subclass of StoreContract overrides the fixture `store`")

    @pytest.fixture
    def reopen(self) -> Callable[[], ObjectStore] | None:
        """What opens the same store in another process (picklable); None if nothing does."""
        return None
