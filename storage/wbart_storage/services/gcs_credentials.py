"""Who asks at Google Cloud Storage, where the options do not say it."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from google.auth import default
from google.auth.exceptions import GoogleAuthError, TransportError
from google.auth.transport.requests import Request
from requests import Session

from wbart_storage.errors import AccessDenied
from wbart_storage.translate import one_line

_NONE = "Your default credentials were not found"
"""What google.auth says where nobody has logged in, and has no class for."""
_PATIENCE = 2.0
"""Seconds for the metadata server to say that it is there."""


def with_token(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of gcsfs with a token: theirs, or what google.auth finds, or nobody's.

    gcsfs would look in the same places, but waits 13 s for the metadata server wherever there
    is none. To have none is no error, since a bucket may be open to all; AccessDenied is raised
    for those that somebody named, and that are of no use.
    """
    if options.get("token") is not None:
        return dict(options)
    scope = f"https://www.googleapis.com/auth/devstorage.{options.get('access', 'full_control')}"
    try:
        with Session() as session:
            found, project = default(scopes=[scope], request=_Brief(session))
    except (GoogleAuthError, OSError, ValueError, TypeError, AttributeError) as error:
        if str(error).startswith(_NONE):
            return {**options, "token": _without_google()}
        raise AccessDenied(f"cannot use the credentials of Google: {one_line(error)}") from error
    return {**_project(project), **options, "token": found}


def _project(found: str | None) -> dict[str, str]:
    from gcsfs.core import DEFAULT_PROJECT

    return {"project": found} if found and not DEFAULT_PROJECT else {}


class _Brief(Request):
    """Asks whether there is a metadata server once and shortly; all else as google.auth does.

    On Google's own machines no answer changes nothing: google.auth knows them by their firmware.
    """

    def __call__(self, url: str, *args: Any, **more: Any) -> Any:
        ask: Any = super().__call__
        if urlsplit(url).path.strip("/"):
            return ask(url, *args, **more)
        try:
            return ask(url, *args, **{**more, "timeout": _PATIENCE})
        except TransportError:
            return _NOBODY


_NOBODY = SimpleNamespace(status=404, headers={}, data=b"")
"""What is heard where no metadata server is. An error would be tried again, with pauses."""


def _without_google() -> str:
    """What gcsfs kept of a login in a browser, else nobody."""
    from gcsfs.core import GoogleCredentials

    return "cache" if GoogleCredentials.tokens else "anon"
