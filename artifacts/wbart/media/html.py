"""Html: a page, or a piece of one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Self

from wbart.errors import ArgumentInvalid
from wbart.media.mediafile import Media
from wbart.media.value import Source

_STYLE = (
    '<base target="_blank"><link rel="stylesheet" type="text/css" '
    'href="https://app.wandb.ai/normalize.css" />'
)


class Html(Media):
    """A page of text, of a file object, or of a file whose name ends with `.html`.

    Unless inject is False it gets W&B's style sheet, so that the same page has W&B's digest.
    """

    _log_type = "html-file"
    _folder = "media/html"

    def __init__(self, data: Any, inject: bool = True, data_is_not_path: bool = False) -> None:
        super().__init__()
        is_path = not data_is_not_path and _is_page(data)
        if is_path:
            self.html = Path(data).read_text(encoding="utf-8")
        elif isinstance(data, str):
            self.html = data
        elif hasattr(data, "read"):
            self.html = _read(data)
        else:
            raise ArgumentInvalid("data must be a string or an io object")
        if inject:
            self.html = _injected(self.html)
        if is_path and not inject:
            self._take(data)
        else:
            self._make(self.html.encode(), ".html")

    @classmethod
    def _read(cls, local: Path, json_obj: dict[str, Any], source: Source) -> Self:
        page = cls(local.read_text(encoding="utf-8"), inject=False, data_is_not_path=True)
        page._take(local)
        page._made = False
        return page


def _is_page(data: object) -> bool:
    if not isinstance(data, str | os.PathLike):
        return False
    path = os.fspath(data)
    try:
        return os.path.splitext(path)[1] == ".html" and os.path.isfile(path)
    except ValueError:
        return False  # a text that no path can be


def _read(file: Any) -> str:
    if hasattr(file, "seek"):
        file.seek(0)
    found = file.read()
    return found.decode() if isinstance(found, bytes) else str(found)


def _injected(html: str) -> str:
    """The page with the style sheet at the start of its head."""
    if "<head>" in html:
        before, after = html.split("<head>", 1)
        return f"{before}<head>{_STYLE}{after}".strip()
    if "<html>" in html:
        before, after = html.split("<html>", 1)
        return f"{before}<html><head>{_STYLE}</head>{after}".strip()
    return f"{_STYLE}{html}".strip()
