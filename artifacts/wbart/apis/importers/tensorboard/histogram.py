"""Histograms of events as W&B's JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from wbart.apis.importers.protobuf_wire import (
    WireInvalid,
    bytes_key,
    double,
    doubles,
    fields,
    fixed64_key,
)
from wbart.apis.importers.tensorboard.tensor import Tensor
from wbart.media.histogram import MAX_BINS

_LOWEST, _HIGHEST = fixed64_key(1), fixed64_key(2)
_LIMITS, _COUNTS = 6, 7


def of_message(message: bytes) -> dict[str, Any]:
    """The JSON of a `HistogramProto`. Raises WireInvalid.

    The outer bins are said to reach to the ends of the numbers that there are; as TensorBoard
    does when it shows them, empty bins at both ends are left out, and the lowest and the highest
    value that were counted are the outer edges (its `data_compat.py`).
    """
    lowest, highest = 0.0, 0.0
    limits: list[float] = []
    counts: list[float] = []
    for key, value in fields(message):
        if not isinstance(value, bytes):
            continue
        if key == _LOWEST:
            lowest = double(value)
        elif key == _HIGHEST:
            highest = double(value)
        elif key in (bytes_key(_LIMITS), fixed64_key(_LIMITS)):
            limits += doubles(value)
        elif key in (bytes_key(_COUNTS), fixed64_key(_COUNTS)):
            counts += doubles(value)
    if len(limits) != len(counts):
        raise WireInvalid(f"a histogram has {len(limits)} bins and {len(counts)} counts")
    full = [number for number, count in enumerate(counts) if count > 0]
    if not full:
        return _json([], [])
    inner = limits[full[0] : full[-1]]
    return _json(counts[full[0] : full[-1] + 1], [lowest, *inner, highest])


def of_tensor(tensor: Tensor) -> dict[str, Any]:
    """The JSON of rows of left edge, right edge and count. Raises WireInvalid."""
    rows = tensor.rows
    if not rows:
        return _json([], [])
    if len(rows[0]) != 3:
        raise WireInvalid(f"a histogram has the shape {tensor.shape}")
    edges = [*(row[0] for row in rows), rows[-1][1]]
    return _json([row[2] for row in rows], edges)


def _json(counts: Sequence[float], edges: Sequence[float]) -> dict[str, Any]:
    if not all(map(math.isfinite, (*counts, *edges))):
        raise WireInvalid("a histogram has counts or edges that are not finite")
    together = math.ceil(len(counts) / MAX_BINS)
    if together > 1:  # W&B has a limit: neighbours become one bin, so that no count is lost
        counts = [sum(counts[at : at + together]) for at in range(0, len(counts), together)]
        edges = [*edges[:-1:together], edges[-1]]
    return {"_type": "histogram", "values": list(counts), "bins": list(edges)}
