"""Taking credentials out of URIs before anything is stored or logged."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

_SECRET = re.compile(
    r"(?i)^(x-amz-.*|x-goog-.*|sig|se|sp|sv|st|skoid|sktid|token|signature|awsaccesskeyid"
    r"|googleaccessid|access_token|api_key|apikey|password|expires)$"
)


def scrub(uri: str) -> str:
    """The URI without user, password, and signed or secret query parameters."""
    parts = urlsplit(uri)
    netloc = parts.netloc.rpartition("@")[2]
    query = "&".join(
        pair for pair in parts.query.split("&") if not _SECRET.match(pair.partition("=")[0])
    )
    if netloc == parts.netloc and query == parts.query:
        return uri
    return urlunsplit((parts.scheme, netloc, parts.path, query, parts.fragment))
