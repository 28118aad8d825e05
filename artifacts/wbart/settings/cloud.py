"""What the surroundings say of the clouds that references lead to.

Credentials are for the clouds' own libraries to find. Here is what these pass over, and W&B and
other tools honour: where S3 is, and its region.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Options = Mapping[str, Mapping[str, object]]

_ENDPOINTS: Final = ("AWS_S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")


def with_surroundings(options: Options, environ: Mapping[str, str]) -> Options:
    """The options with the environment's beneath them."""
    found: dict[str, object] = {}
    endpoint = next((environ[name] for name in _ENDPOINTS if environ.get(name)), None)
    if endpoint is not None:
        found["endpoint_url"] = endpoint
    if environ.get("AWS_REGION"):
        found["client_kwargs"] = {"region_name": environ["AWS_REGION"]}
    if not found:
        return options
    return {**options, "s3": {**found, **options.get("s3", {})}}
