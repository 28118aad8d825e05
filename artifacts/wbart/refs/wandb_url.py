"""W&B's URLs of artifacts: `wandb-artifact://…`.

wandb-artifact://[https://HOST/]ENTITY/PROJECT/NAME[:ALIAS][/PATH]
wandb-artifact://[https://HOST/]_id/ID[/PATH]
wandb-artifact://HEX-ID/PATH                        what reference entries hold
"""

from __future__ import annotations

import re
from typing import Final

from wbart.errors import RefInvalid

WANDB_URL: Final = "wandb-artifact://"
_HOST = re.compile(r"https?://[^/]*/")
_HEX_ID = re.compile(r"[0-9a-f]{16,}")


def split_wandb_url(text: str) -> tuple[str | None, str, str | None]:
    """The id, or else the artifact path; and the path inside. The host says nothing to us.

    A first part of at least 16 hexadecimal digits is an id, never an entity.
    """
    rest = text.removeprefix(WANDB_URL)
    rest = _HOST.sub("", rest, count=1) if _HOST.match(rest) else rest
    first, _, more = rest.partition("/")
    if first == "_id":
        first, _, more = more.partition("/")
        return _id(first, text), "", more or None
    if _HEX_ID.fullmatch(first):
        return first, "", more or None
    parts = rest.split("/", 3)
    if len(parts) < 3:
        raise RefInvalid(f"Invalid artifact path: {text!r}")
    return None, "/".join(parts[:3]), (parts[3] or None) if len(parts) > 3 else None


def entry_url(id_: str, path: str) -> str:
    """What a reference entry to a file of another artifact holds."""
    return f"{WANDB_URL}{id_}/{path}"


def _id(id_: str, text: str) -> str:
    if not id_:
        raise RefInvalid(f"Invalid artifact path: {text!r}")
    return id_
