"""The digest that an artifact shows, and W&B's form of its manifest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from wbart_manifest import wandb_json as form
from wbart_manifest.manifest import Manifest

if TYPE_CHECKING:
    from wbart.drafts.content import Content
    from wbart.drafts.second import WandbDigests


def draft_digest(content: Content) -> str:
    """The digest that a draft would have as it is now."""
    manifest = content.manifest()
    wandb = wandb_digest(manifest, content.digests)
    return wandb["digest"] if wandb is not None else str(manifest.digest)


def wandb_digest(manifest: Manifest, digests: WandbDigests | None) -> dict[str, str] | None:
    """W&B's digest of a manifest with its algorithm, where the artifact has W&B's digests."""
    if digests is None:
        return None
    digest = form.manifest_digest(
        manifest.entries(), manifest.algorithm, wandb_algorithm=digests.algorithm
    )
    return {"algorithm": digests.algorithm, "digest": digest}


def wandb_json(manifest: Manifest, algorithm: str, region: str | None) -> dict[str, Any]:
    """W&B's manifest, under an algorithm of W&B's, as JSON values; whole in memory."""
    config = {"storageLayout": "V2", **({"storageRegion": region} if region else {})}
    pieces = form.dump(
        manifest.entries(), manifest.algorithm, wandb_algorithm=algorithm, policy_config=config
    )
    document: dict[str, Any] = json.loads(b"".join(pieces))
    return document
