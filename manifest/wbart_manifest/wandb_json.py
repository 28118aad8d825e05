"""The manifest in W&B's v1 JSON form, out and in."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Annotated

import msgspec

from wbart_manifest.canonical_json import decode_object, encode, encode_text
from wbart_manifest.entry import MAX_SIZE, Entry
from wbart_manifest.errors import ManifestCorrupt, ManifestUnsupported
from wbart_manifest.order import Nesting
from wbart_manifest.path import check_column
from wbart_manifest.wandb_digest import MD5, XXH128, ManifestDigest, entry_digest

STORAGE_POLICY = "wandb-storage-policy-v1"
_BATCH = 1024


class Row(msgspec.Struct, frozen=True):
    """One entry of a W&B manifest, as it stands there."""

    path: str
    digest: str
    size: int | None = None
    ref: str | None = None
    extra: dict[str, object] = {}
    birth_artifact_id: str | None = None


class _Content(msgspec.Struct):
    digest: str
    size: Annotated[int, msgspec.Meta(ge=0, le=MAX_SIZE)] | None = None
    ref: str | None = None
    extra: dict[str, object] | None = None
    birth_artifact_id: str | None = msgspec.field(default=None, name="birthArtifactID")


class _Version(msgspec.Struct):
    version: int | float


class _Document(msgspec.Struct):
    contents: dict[str, _Content]


def dump(
    entries: Iterable[Entry],
    algorithm: str,
    *,
    wandb_algorithm: str = MD5,
    policy_config: Mapping[str, object] | None = None,
) -> Iterator[bytes]:
    """Yield W&B's v1 JSON of entries piece by piece, in their order; the pieces join to it.

    algorithm is the store's; policy_config is W&B's storagePolicyConfig.
    """
    config = {"storageLayout": "V2"} if policy_config is None else dict(policy_config)
    yield b'{"version":1,"storagePolicy":%b,"storagePolicyConfig":%b,"contents":{' % (
        encode_text(STORAGE_POLICY),
        encode(config),
    )
    source, comma = iter(entries), b""
    while batch := list(islice(source, _BATCH)):
        yield comma + b",".join(
            b"%b:%b"
            % (encode_text(entry.path), encode(_content(entry, algorithm, wandb_algorithm)))
            for entry in batch
        )
        comma = b","
    yield b"}}"


def manifest_digest(entries: Iterable[Entry], algorithm: str, *, wandb_algorithm: str = MD5) -> str:
    """Return W&B's digest of the manifest of entries, which come in ascending order of path."""
    state = ManifestDigest(wandb_algorithm)
    for entry in entries:
        state.add(entry.path, entry_digest(entry, algorithm))
    return state.hexdigest()


def load(data: bytes) -> list[Row]:
    """Return the rows of W&B's v1 JSON, in ascending order of path.

    Raises ManifestUnsupported unless the version is numerically 1, PathInvalid and EntryClash
    for paths that no artifact may hold, ManifestCorrupt for whatever else is wrong.
    A path that is there twice counts as W&B counts it: the last one holds.
    """
    try:
        version = msgspec.json.decode(data, type=_Version).version
        if version != 1:
            raise ManifestUnsupported(f"a W&B manifest of version {version}; this wbart reads 1")
        contents = msgspec.json.decode(data, type=_Document).contents
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ManifestCorrupt(f"not a W&B manifest: {error}") from error
    paths = sorted(contents)
    check_column(paths)
    Nesting().feed(paths)
    return [_row(path, contents[path]) for path in paths]


def _row(path: str, content: _Content) -> Row:
    extra = content.extra or {}
    return Row(path, content.digest, content.size, content.ref, extra, content.birth_artifact_id)


def _content(entry: Entry, algorithm: str, wandb_algorithm: str) -> dict[str, object]:
    content: dict[str, object] = {"digest": entry_digest(entry, algorithm)}
    extra = decode_object(entry.extra)
    if entry.reference is not None:
        content["ref"] = entry.reference.uri
        extra = decode_object(entry.reference.extra)
    elif entry.wandb and wandb_algorithm == XXH128:
        extra = {**extra, "alg": XXH128}
    if entry.size is not None:
        content["size"] = entry.size
    if extra:
        content["extra"] = extra
    return content
