"""box3d: a box around points in space."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import Any

from wbart.errors import ArgumentInvalid
from wbart.media.plain import plain

_Rows = tuple[tuple[float, float, float], ...]


def box3d(
    *,
    center: Any,
    size: Any,
    orientation: Any,
    color: Any,
    label: str | None = None,
    score: float | None = None,
) -> dict[str, Any]:
    """A box of a scene of `Object3D`, by its center, size and orientation.

    orientation is a quaternion (r, x, y, z) that is not zero, color (r, g, b) from 0 to 1.
    """
    middle, sizes = _numbers(center, 3, "center"), _numbers(size, 3, "size")
    turned = _rotation(_numbers(orientation, 4, "orientation"))
    corners = [
        _corner(
            middle, [0.5 * each * sign for each, sign in zip(sizes, signs, strict=True)], turned
        )
        for signs in product((-1, 1), repeat=3)
    ]
    return {"corners": tuple(corners), "color": color, "label": label, "score": score}


def _numbers(value: Any, count: int, name: str) -> list[float]:
    found = [float(each) for each in plain(value)]
    if len(found) != count:
        raise ArgumentInvalid(f"{name} has {count} numbers, not {len(found)}")
    return found


def _corner(middle: Sequence[float], offset: Sequence[float], turned: _Rows) -> tuple[float, ...]:
    return tuple(
        start + sum(step * row[axis] for step, row in zip(offset, turned, strict=True))
        for axis, start in enumerate(middle)
    )


def _rotation(quaternion: Sequence[float]) -> _Rows:
    """The matrix that turns rows of coordinates, multiplied from the right."""
    most = max(abs(each) for each in quaternion)
    if most == 0:
        raise ArgumentInvalid("Unexpected zero quaternion.")
    scaled = [each / most for each in quaternion]
    norm = math.hypot(*scaled)
    r, x, y, z = (each / norm for each in scaled)
    return (
        (1 - 2 * (y * y + z * z), 2 * (x * y + z * r), 2 * (x * z - y * r)),
        (2 * (x * y - z * r), 1 - 2 * (x * x + z * z), 2 * (y * z + x * r)),
        (2 * (x * z + y * r), 2 * (y * z - x * r), 1 - 2 * (x * x + y * y)),
    )
