"""JSON of media objects in a form that does not hang on the version of a library."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from PIL import Image as PILImage
from tests.media.folder import Folder


def plain(value: Any, folder: Folder) -> Any:
    """JSON with each picture that was drawn anew told by its pixels: its bytes are a library's."""
    if isinstance(value, list):
        return [plain(each, folder) for each in value]
    if not isinstance(value, dict):
        return value
    found = {name: plain(each, folder) for name, each in value.items()}
    path = Path(str(value.get("path", "")))
    if path.suffix in (".png", ".jpg") and (folder.root / path).exists():
        with PILImage.open(io.BytesIO((folder.root / path).read_bytes())) as picture:
            found |= {"path": str(path.parent), "sha256": (picture.mode, picture.size)}
            if path.suffix == ".png":
                found["size"] = picture.tobytes().hex()
    return found
