"""Signatures of S3 that leave the body out, where the server itself sees what is spoilt.

A signature covers the headers, a checksum among them. botocore puts a SHA-256 of the body in, too,
over plain HTTP and wherever the caller gives the checksum: a quarter of the processor time of a
large upload, and all on the thread that serves the requests of the process.
"""

from __future__ import annotations

from typing import Any, Literal
from weakref import WeakKeyDictionary

_EVENT = "before-sign.s3.UploadPart"
_OPTION = "payload_signing_enabled"

Which = Literal["none", "trial", "all"]


class Signing:
    """Which parts go with an unsigned body: none, the one with the trial's number, or all."""

    def __init__(self, trial: int) -> None:
        self.unsigned: Which = "none"
        self._trial = f"partNumber={trial}"

    def __call__(self, request: Any, **_: object) -> None:
        """Told by botocore of each part that is to be signed."""
        if self.unsigned == "all" or (self.unsigned == "trial" and self._trial in request.url):
            config = request.context["client_config"]
            request.context["client_config"] = _without_body(config)


_signings: WeakKeyDictionary[Any, Signing] = WeakKeyDictionary()


def signing_of(client: Any, trial: int) -> Signing | None:
    """That of a client of botocore; None where its user has decided."""
    if _OPTION in (client.meta.config.s3 or {}):
        return None
    found = _signings.get(client)
    if found is None:
        found = _signings[client] = Signing(trial)
        client.meta.events.register_first(_EVENT, found)
    return found


def _without_body(config: Any) -> Any:
    from botocore.config import Config

    return config.merge(Config(s3={**(config.s3 or {}), _OPTION: False}))
