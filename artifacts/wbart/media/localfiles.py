"""Which local files a draft has already, found at once among any number of them."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wbart.drafts.content import Content


class LocalFiles:
    """The paths of a draft's files by where these lie, as they resolve.

    `Content.local_name` resolves all that was added anew, which is too slow for each media object.
    """

    def __init__(self) -> None:
        self._paths: dict[str, str] = {}
        self._seen = 0

    def path(self, content: Content, local: Path) -> str | None:
        """The path under which the file is in the draft; None if it is not."""
        added, full = content._added, os.path.realpath(local)
        for text, path in islice(added.items(), self._seen, None):
            self._paths[os.path.realpath(text)] = path
        self._seen = len(added)
        found = added.get(os.fspath(local)) or self._paths.get(full)
        if found is not None:
            return found if content.get(found) is not None else None
        for root, prefix in content._added_folders:
            below = prefix + os.path.relpath(full, os.path.realpath(root))
            if content.get(below) is not None:
                return below
        return None
