"""Storage options as fsspec's file systems take them, said in obstore's words.

What changes where bytes go or with whose rights is translated or refused, never passed over; what
only tunes fsspec is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from wbart_storage.clock import SystemClock
from wbart_storage.errors import AccessDenied, StoreRefused

_TUNING = frozenset(
    {
        "asynchronous", "batch_size", "cache_regions", "cache_timeout", "config_kwargs",
        "connection_timeout", "consistency", "default_block_size", "default_cache_type",
        "default_fill_cache", "fixed_upload_size", "listings_expiry_time", "loop",
        "max_concurrency", "max_paths", "project", "read_timeout", "requests_timeout",
        "session_kwargs", "skip_instance_cache", "use_listings_cache", "version_aware",
    }
)  # fmt: skip
_S3_KWARGS = {
    "ServerSideEncryption": "server_side_encryption",
    "SSEKMSKeyId": "sse_kms_key_id",
}
_AZURE = {
    "account_name": "account_name",
    "account_key": "account_key",
    "sas_token": "sas_key",
    "client_id": "client_id",
    "client_secret": "client_secret",
    "tenant_id": "tenant_id",
}
_AZURE_STRING = {
    "accountname": "account_name",
    "accountkey": "account_key",
    "sharedaccesssignature": "sas_token",
    "blobendpoint": "endpoint",
}
_TTL = timedelta(minutes=10)


class Said(NamedTuple):
    """What an obstore store is made with, besides its bucket and prefix."""

    config: Mapping[str, Any]
    credentials: Callable[[], Any] | None = None
    """Asked for credentials whenever the last ones run out."""

    @property
    def endpoint(self) -> str:
        """Where requests go to, empty for the service's own place."""
        return str(self.config.get("endpoint") or self.config.get("base_url") or "")


def s3(options: Mapping[str, Any]) -> Said:
    """The options of s3fs. Without a key it is botocore that looks for one, as s3fs has it do."""
    left = _rest(options)
    client = dict(left.pop("client_kwargs", None) or {})
    config: dict[str, Any] = {
        "endpoint": left.pop("endpoint_url", None) or client.pop("endpoint_url", None),
        "region": client.pop("region_name", None),
        "access_key_id": _first(left, client, "key", "username", "aws_access_key_id"),
        "secret_access_key": _first(left, client, "secret", "password", "aws_secret_access_key"),
        "session_token": _first(left, client, "token", "aws_session_token"),
        "request_payer": "requester" if left.pop("requester_pays", False) else None,
    }
    extra = dict(left.pop("s3_additional_kwargs", None) or {})
    config |= {ours: extra.pop(name, None) for name, ours in _S3_KWARGS.items()}
    style = ((options.get("config_kwargs") or {}).get("s3") or {}).get("addressing_style")
    config["virtual_hosted_style_request"] = True if style == "virtual" else None
    anonymous, profile = left.pop("anon", False), left.pop("profile", None)
    if not left.pop("use_ssl", True) and not config["endpoint"]:
        raise StoreRefused("obstore speaks to AWS over TLS only: use_ssl is no option there")
    _check_empty({**left, **client, **extra})
    if anonymous:
        return Said(_given(config | {"skip_signature": True}))
    if config["access_key_id"]:
        return Said(_given({"region": "us-east-1"} | _given(config)))
    return _by_botocore(config, profile)


def gcs(options: Mapping[str, Any]) -> Said:
    """The options of gcsfs."""
    left = _rest(options)
    token = left.pop("token", None)
    config: dict[str, Any] = {"base_url": left.pop("endpoint_url", None)}
    left.pop("access", None)
    _check_empty(left)
    if token == "anon":
        config["skip_signature"] = True
    elif isinstance(token, Mapping):
        config["service_account_key"] = json.dumps(dict(token))
    elif isinstance(token, str) and token not in ("google_default", "cloud"):
        config["application_credentials"] = token
    elif token is not None and not isinstance(token, str):
        raise StoreRefused(f"obstore takes no token of the type {type(token).__name__}")
    return Said(_given(config))


def azure(options: Mapping[str, Any]) -> Said:
    """The options of adlfs."""
    left = _rest(options)
    string = _parts(left.pop("connection_string", None))
    left = {**{name: string[key] for key, name in _AZURE_STRING.items() if key in string}, **left}
    config = {ours: left.pop(name, None) for name, ours in _AZURE.items()}
    host = left.pop("account_host", None)
    config["endpoint"] = left.pop("endpoint", None) or (f"https://{host}" if host else None)
    if not config["endpoint"] and string.get("endpointsuffix", "core.windows.net") != (
        "core.windows.net"
    ):
        suffix, account = string["endpointsuffix"], config["account_name"]
        scheme = string.get("defaultendpointsprotocol", "https")
        config["endpoint"] = f"{scheme}://{account}.blob.{suffix}"
    has_key = any(config[name] for name in ("account_key", "sas_key", "client_secret"))
    anonymous = left.pop("anon", None)
    if anonymous and not has_key:
        config["skip_signature"] = True
    _check_empty(left)
    if not config["account_name"]:
        raise AccessDenied("no Azure account is named, nor a connection string")
    return Said(_given(config))


class _Botocore:
    """Credentials as botocore finds them: variables, profiles, the machine's role."""

    def __init__(self, found: Any) -> None:
        self._found = found

    def __call__(self) -> dict[str, Any]:
        frozen = self._found.get_frozen_credentials()
        return {
            "access_key_id": frozen.access_key,
            "secret_access_key": frozen.secret_key,
            "token": frozen.token,
            "expires_at": datetime.fromtimestamp(SystemClock().now(), UTC) + _TTL,
        }


def _by_botocore(config: Mapping[str, Any], profile: str | None) -> Said:
    from botocore.session import Session

    session = Session(profile=profile)
    found = session.get_credentials()
    if found is None:
        raise AccessDenied("no AWS credentials were found")
    region = config["region"] or session.get_config_variable("region") or "us-east-1"
    return Said(_given({**config, "region": region}), _Botocore(found))


def _parts(text: str | None) -> dict[str, str]:
    """The parts of a connection string, names in lower case."""
    pairs = (part.partition("=") for part in (text or "").split(";") if part.strip())
    return {name.strip().lower(): value for name, _, value in pairs}


def _first(left: dict[str, Any], client: dict[str, Any], *names: str) -> Any:
    found = [source.pop(name, None) for name in names for source in (left, client)]
    return next((each for each in found if each), None)


def _rest(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name not in _TUNING}


def _given(config: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if value is not None}


def _check_empty(left: Mapping[str, Any]) -> None:
    """Name the first option that is not understood, and not its value, which may be a secret."""
    if left:
        raise StoreRefused(f"obstore does not know the storage option {min(left)!r}")


def is_plain(endpoint: str) -> bool:
    """Whether an endpoint is reached without TLS."""
    return urlsplit(endpoint).scheme == "http"
