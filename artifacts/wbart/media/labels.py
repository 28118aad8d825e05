"""Names of the classes of masks and boxes, which a run keeps once and not with every image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from wbart.media.value import Holder


@runtime_checkable
class KeepsLabels(Protocol):
    """A holder that keeps labels beside what it holds."""

    def hold_labels(self, kind: str, key: str, labels: Mapping[Any, str]) -> None:
        """Keep the labels of the masks or boxes of this key of what is held now."""


def labelled(holder: Holder, kind: str, key: str, labels: Mapping[Any, str]) -> None:
    """Give the labels to a holder that keeps such."""
    if isinstance(holder, KeepsLabels):
        holder.hold_labels(kind, key, labels)
