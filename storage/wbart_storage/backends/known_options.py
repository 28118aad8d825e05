"""Which storage options a file system knows: one that is misspelled would be passed over."""

from __future__ import annotations

import inspect
from collections.abc import Iterable

from wbart_storage.errors import OptionInvalid
from wbart_storage.services.kinds import BUCKETS

_EVERYWHERE = frozenset(
    {
        "asynchronous", "batch_size", "listings_expiry_time", "loop", "max_paths",
        "skip_instance_cache", "use_listings_cache",
    }
)  # fmt: skip
_SESSION = frozenset({"event_hooks", "include_builtin_handlers", "loader", "profile"})
"""What s3fs hands on to the session of botocore."""


def check_options(scheme: str, kind: type, options: Iterable[str]) -> None:
    """Raise OptionInvalid, which names it, for an option that a bucket's file system has not."""
    if scheme not in BUCKETS:
        return
    known = set(_EVERYWHERE | _SESSION)
    for each in kind.__mro__[:-1]:
        if "__init__" in vars(each):
            known |= set(inspect.signature(vars(each)["__init__"]).parameters)
    for name in options:
        if name not in known:
            raise OptionInvalid(f"{scheme}:// has no storage option {name!r}")
