"""moto's server, one request at a time: `python moto_locked.py PORT`, by the servers' own Python.

moto looks whether a key is there and then writes it, in threads; under load two creates of one
key have been seen to win. Each request is read first, so that a slow client holds nobody up.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from io import BytesIO
from threading import Lock
from typing import Any

from moto.moto_server.werkzeug_app import (  # type: ignore[import-not-found,unused-ignore]
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import run_simple  # type: ignore[import-not-found,unused-ignore]

_application = DomainDispatcherApplication(create_backend_app)
_alone = Lock()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length:
        body = environ["wsgi.input"].read(length)
        if len(body) < length:  # the client is gone: nobody reads the answer
            start_response("400 Bad Request", [("Connection", "close")])
            return []
        environ["wsgi.input"] = BytesIO(body)
    with _alone:
        return [b"".join(_application(environ, start_response))]


if __name__ == "__main__":
    run_simple(
        "127.0.0.1",
        int(sys.argv[1]),
        application,
        threaded=True,
        request_handler=MotoRequestHandler,
    )
