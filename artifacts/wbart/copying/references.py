"""References of copied versions to other artifacts: whom they mean, and whether the target has it.

A reference travels as it is. One that leads to a bucket leads there from anywhere; one that leads
to an artifact of the store is followed in the store in which it is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbart.errors import NotFound, RefInvalid
from wbart.refs.loading import load, load_by_id
from wbart.refs.wandb_url import WANDB_URL, split_wandb_url
from wbart_manifest.entry import Reference

if TYPE_CHECKING:
    from wbart.committed import Committed
    from wbart.workspace import Workspace


def artifacts_of(reference: Reference | None) -> tuple[str, ...]:
    """The artifact that the reference leads to, as `find` takes it; none for any other."""
    if reference is None or not reference.uri.startswith(WANDB_URL):
        return ()
    try:
        id_, path, _ = split_wandb_url(reference.uri)
    except RefInvalid:
        return ()
    return (id_ or path,)


def find(workspace: Workspace, name: str) -> Committed | None:
    """The version of that id or path; None if the store has none."""
    try:
        return load(workspace, name) if "/" in name else load_by_id(workspace, name)
    except (NotFound, RefInvalid):
        return None
