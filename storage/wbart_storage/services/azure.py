"""Containers of Azure Blob Storage, through adlfs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

from wbart_storage.errors import AccessDenied
from wbart_storage.objects import ObjectStat
from wbart_storage.services.service import (
    CONNECT_SECONDS,
    PARTS_AT_ONCE,
    READ_SECONDS,
    Page,
    seconds,
    split_root,
    stats_below,
)

_TRIES = 2
"""Second tries of a request inside; the patience is `Retry`'s."""
_PAUSE = 0.2
_PART_SIZE = 8 << 20
_DELETES_AT_ONCE = 32


class Azure:
    """See `wbart_storage.services.service.Service`."""

    def connect(self, kind: Any, args: Sequence[Any], options: Mapping[str, Any]) -> Any:
        if kind is None:
            from adlfs import AzureBlobFileSystem

            kind = AzureBlobFileSystem
        ours = {
            "max_concurrency": PARTS_AT_ONCE,
            "connection_timeout": CONNECT_SECONDS,
            "read_timeout": READ_SECONDS,
        }
        try:
            fs: Any = kind(*args, **{**ours, **options})
        except ValueError as error:
            if "account_name" not in str(error):
                raise
            raise AccessDenied("no Azure account is named, nor a connection string") from error
        _bound(fs.service_client)
        return fs

    def upload(self, fs: Any, path: str, data: bytes, exclusive: bool) -> bool:
        mode = "create" if exclusive else "overwrite"
        fs.pipe_file(path, data, mode=mode, validate_content=True)
        return True

    def upload_file(self, fs: Any, path: str, source: Path) -> bool:
        fs.put_file(str(source), path, validate_content=True)
        return True

    def stat(self, fs: Any, root: str, key: str) -> ObjectStat:
        from fsspec.asyn import sync

        bucket, base = split_root(root)
        found: Any = sync(fs.loop, _properties, fs, bucket, base + key)
        return ObjectStat(key, found.size, seconds(found.last_modified))

    def page(self, fs: Any, root: str, prefix: str, delimiter: str, token: Any) -> Page:
        from fsspec.asyn import sync

        bucket, base = split_root(root)
        listed: Any = sync(fs.loop, _page, fs, bucket, base + prefix, delimiter, token)
        found, following = listed
        objects = [
            ObjectStat(each.name, each.size, seconds(each.last_modified))
            for each in found
            if hasattr(each, "size") and not _is_folder(each)
        ]
        folders = [each.name for each in found if not hasattr(each, "size")]
        return Page(stats_below(base, objects, folders), following)

    def delete(self, fs: Any, root: str, keys: Sequence[str]) -> None:
        from fsspec.asyn import sync

        bucket, base = split_root(root)
        sync(fs.loop, _delete, fs, bucket, [base + key for key in keys])


async def _properties(fs: Any, bucket: str, name: str) -> Any:
    async with fs.service_client.get_blob_client(bucket, name) as blob:
        return await blob.get_blob_properties()


async def _page(
    fs: Any, bucket: str, prefix: str, delimiter: str, token: Any
) -> tuple[list[Any], Any]:
    async with fs.service_client.get_container_client(container=bucket) as container:
        asked: dict[str, Any] = {"name_starts_with": prefix or None, "include": ["metadata"]}
        if delimiter:
            pages = container.walk_blobs(delimiter=delimiter, **asked).by_page(token)
        else:
            pages = container.list_blobs(**asked).by_page(token)
        async for page in pages:
            found = [each async for each in page]
            return found, pages.continuation_token or None
    return [], None


async def _delete(fs: Any, bucket: str, names: Sequence[str]) -> None:
    from azure.core.exceptions import ResourceNotFoundError

    room = asyncio.Semaphore(_DELETES_AT_ONCE)

    async def delete_one(name: str) -> None:
        async with room:
            try:
                await container.delete_blob(name)
            except ResourceNotFoundError as error:
                if getattr(error, "error_code", "") == "ContainerNotFound":
                    raise

    async with fs.service_client.get_container_client(container=bucket) as container:
        await asyncio.gather(*map(delete_one, names))


def _is_folder(blob: Any) -> bool:
    """Whether a blob only marks a folder, as accounts with a hierarchical namespace keep them."""
    return any(
        name.lower() == "hdi_isfolder" and value == "true"
        for name, value in (blob.metadata or {}).items()
    )


def _streamed(body_of: Any, request: Any) -> Any:
    """The body of a request; a large one as a file, since aiohttp warns of large bytes."""
    body = body_of(request)
    return BytesIO(body) if isinstance(body, bytes) and len(body) > _PART_SIZE // 8 else body


def _bound(client: Any) -> None:
    """Lessen the patience of a client: 15 s before the second try, 83 s in all, as it comes.

    adlfs has no option for it. What a later release hides is left as it is.
    """
    pipeline = client._pipeline
    transport = pipeline._transport
    for policy in pipeline._impl_policies:
        if hasattr(policy, "initial_backoff"):
            policy.initial_backoff = policy.random_jitter_range = _PAUSE
            policy.increment_base = _PAUSE  # it is raised to the count of tries, and added
            for count in ("total_retries", "connect_retries", "read_retries", "status_retries"):
                setattr(policy, count, _TRIES)
    patience = getattr(transport, "connection_config", None)
    if patience is not None:
        patience.timeout, patience.read_timeout = CONNECT_SECONDS, READ_SECONDS
    if hasattr(transport, "_get_request_data"):
        transport._get_request_data = partial(_streamed, transport._get_request_data)
    client._config.max_block_size = _PART_SIZE


SERVICE = Azure()
