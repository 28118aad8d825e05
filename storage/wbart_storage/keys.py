"""The keys of all objects: the tree drawn in storage/README.md, spelled in one place.

Digests and ids are lower-case hex. Components that come from a user go through `quote`.
"""

from __future__ import annotations

import re
from urllib.parse import unquote as _percent_decode

from wbart_storage.errors import KeyInvalid

CONFIG_KEY = "wbart.json"
SEGMENT = 64
"""Log records per folder, so that the tail of a log is found with few listings."""

REGISTRIES = "reg/"
"""What the keys of all journals of registries start with."""

_COMPONENT = r"[A-Za-z0-9_~%=-][A-Za-z0-9._~%=-]{0,254}"
_KEY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_PREFIX = re.compile(rf"(?:{_COMPONENT}/)*(?:{_COMPONENT})?")
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.")


def check_key(key: str) -> str:
    """Return key if it is relative, of safe letters, and no component starts with a dot.

    So a key never climbs out, and hidden files are the store's own. Else KeyInvalid.
    """
    if _KEY.fullmatch(key) is None:
        raise KeyInvalid(key)
    return key


def check_prefix(prefix: str) -> str:
    """Return prefix if some valid key may start with it (it may be empty); else KeyInvalid."""
    if _PREFIX.fullmatch(prefix) is None:
        raise KeyInvalid(prefix)
    return prefix


def quote(component: str) -> str:
    """Percent-encode (UTF-8) whatever is not `[A-Za-z0-9_-]` or an inner dot.

    Leading and trailing dots are encoded too: `..`, hidden files and Windows lose their sting.
    """
    raw = component.encode()
    last = len(raw) - 1
    return "".join(
        chr(byte) if byte in _PLAIN and not (byte == 0x2E and at in (0, last)) else f"%{byte:02X}"
        for at, byte in enumerate(raw)
    )


def unquote(component: str) -> str:
    """Undo `quote`; KeyInvalid when the bytes are not UTF-8."""
    try:
        return _percent_decode(component, errors="strict")
    except UnicodeDecodeError as error:
        raise KeyInvalid(component) from error


def with_epoch(key: str, epoch: int) -> str:
    """The key under which content is re-created after the sweep of that epoch; 0 means none."""
    return f"{key}~{epoch}" if epoch else key


def split_epoch(key: str) -> tuple[str, int]:
    """Undo `with_epoch`; KeyInvalid when the part after `~` is no number above 0."""
    base, tilde, epoch = key.partition("~")
    if not tilde:
        return key, 0
    if re.fullmatch(r"[1-9][0-9]{0,18}", epoch) is None:
        raise KeyInvalid(key)
    return base, int(epoch)


def blob_key(digest_hex: str, epoch: int = 0) -> str:
    """Where the blob of this digest lies as a whole file."""
    return with_epoch(f"o/{digest_hex[:2]}/{digest_hex}", epoch)


def node_key(node_hex: str, epoch: int = 0) -> str:
    """Where the tree node of this id lies."""
    return with_epoch(f"t/{node_hex[:2]}/{node_hex}", epoch)


def pack_key(pack_hex: str, epoch: int = 0) -> str:
    """Where the pack of this id lies."""
    return with_epoch(f"k/{pack_hex[:2]}/{pack_hex}.zip", epoch)


def recipe_key(recipe_hex: str, epoch: int = 0) -> str:
    """Where the recipe of this id lies."""
    return with_epoch(f"r/{recipe_hex[:2]}/{recipe_hex}", epoch)


def project_prefix(entity: str, project: str) -> str:
    """What the keys of all collections of a project start with."""
    return f"c/{quote(entity)}/{quote(project)}/"


def collection_prefix(entity: str, project: str, name: str) -> str:
    """What all keys of a collection start with; ends in `/`."""
    return f"{project_prefix(entity, project)}{quote(name)}/"


def registries_prefix(entity: str) -> str:
    """What all keys of the journal of an organisation's registries start with; ends in `/`."""
    return f"{REGISTRIES}{quote(entity)}/"


def runs_prefix(entity: str, project: str) -> str:
    """What all keys of the runs of a project start with; ends in `/`."""
    return f"runs/{quote(entity)}/{quote(project)}/"


def run_prefix(entity: str, project: str, run: str) -> str:
    """What all keys of a run that is being written start with; ends in `/`."""
    return f"{live_prefix(entity, project)}{quote(run)}/"


def increment_key(prefix: str, number: int) -> str:
    """The increment of this number of the run at prefix. Key order is the order of numbers."""
    return f"{prefix}{number:020d}.json"


def increment_number(key: str) -> int | None:
    """The number of an increment's key; None when the key is none."""
    found = re.fullmatch(r"(?:.*/)?([0-9]{20})\.json", key)
    return int(found[1]) if found else None


def history_prefix(prefix: str, stream: str = "history") -> str:
    """What the keys of all parts of a stream of the run at prefix start with.

    Streams are `history`, what the run logs, and `events`, the system's metrics. They lie beside
    the runs that are being written, which stay few, so that listing those finds no rows.
    """
    home, _, run = prefix.removesuffix("/").rsplit("/", 2)
    return f"{home}/rows/{run}/{stream}/"


def history_key(prefix: str, number: int, stream: str = "history") -> str:
    """The part of this number of a stream of the run at prefix: JSON lines under gzip."""
    return f"{history_prefix(prefix, stream)}{number:020d}.jsonl.gz"


def live_prefix(entity: str, project: str) -> str:
    """What the keys of all increments of a project's runs start with; ends in `/`."""
    return f"{runs_prefix(entity, project)}live/"


def segment_key(entity: str, project: str, segment: str) -> str:
    """Where the segment of this id, records of finished runs, lies."""
    return f"{runs_prefix(entity, project)}seg/{segment}.json.z"


def heartbeat_key(entity: str, project: str, run: str) -> str:
    """The sign of life of a run; overwritten while it lasts."""
    return f"hints/runs/{quote(entity)}/{quote(project)}/{quote(run)}.json"


def project_documents(entity: str, project: str, kind: str = "") -> str:
    """What the keys of a project's documents start with: of one kind, or of all."""
    home = f"p/{quote(entity)}/{quote(project)}/"
    return f"{home}{kind}/" if kind else home


def entity_documents(entity: str, kind: str) -> str:
    """What the keys of an entity's documents of one kind start with."""
    return f"e/{quote(entity)}/{kind}/"


def draw_prefix(sweep: str) -> str:
    """What the keys of all draws of the sweep at that prefix start with."""
    return f"{sweep}draws/"


def bracket_prefix(sweep: str, count: int) -> str:
    """What the keys of all that trials of the sweep left after count numbers start with."""
    return f"{sweep}brackets/{count:020d}/"


def shard_prefix(entity: str, project: str, name: str, distributed_id: str) -> str:
    """What the keys of all shards of a distributed draft start with; ends in `/`."""
    home = f"{quote(entity)}/{quote(project)}/{quote(name)}"
    return f"pending/{home}/{quote(distributed_id)}/"


def shard_key(prefix: str, number_hex: str) -> str:
    """Where one shard of the distributed draft at prefix lies."""
    return f"{prefix}{number_hex}.json"


def log_prefix(prefix: str) -> str:
    """What the keys of all records of the journal at prefix start with."""
    return f"{prefix}log/"


def log_key(prefix: str, seq: int) -> str:
    """The slot of record seq of the journal at prefix. Key order is the order of seq."""
    return f"{prefix}log/{seq // SEGMENT:012d}/{seq:020d}.json"


def log_seq(key: str) -> int | None:
    """The seq of a log slot's key; None when the key is no slot."""
    found = re.fullmatch(r"(?:.*/)?log/([0-9]{12})/([0-9]{20})\.json", key)
    if found is None or int(found[2]) // SEGMENT != int(found[1]):
        return None
    return int(found[2])


def checkpoint_prefix(prefix: str) -> str:
    """What the keys of all checkpoints of the journal at prefix start with."""
    return f"{prefix}ckpt/"


def checkpoint_key(prefix: str, seq: int, hash_hex: str) -> str:
    """The checkpoint of the state after record seq; its name carries its hash."""
    return f"{prefix}ckpt/{seq:020d}-{hash_hex}.json.z"


def checkpoint_parts(key: str) -> tuple[int, str] | None:
    """The seq and hash in a checkpoint's key; None when the key is none."""
    found = re.fullmatch(r"(?:.*/)?ckpt/([0-9]{20})-([0-9a-f]+)\.json\.z", key)
    return (int(found[1]), found[2]) if found else None


def inbox_prefix(prefix: str) -> str:
    """What the keys of all intents waiting at the journal at prefix start with."""
    return f"{prefix}inbox/"


def inbox_key(prefix: str, txid: str) -> str:
    """Where an intent waits for somebody to commit it."""
    return f"{prefix}inbox/{txid}.json"


def hint_key(prefix: str) -> str:
    """The advisory, overwritable head of the journal at prefix."""
    return f"hints/{prefix}HEAD"


def session_key(session: str) -> str:
    """The open session of this id."""
    return f"s/{session}.json"


def epoch_key(epoch: int) -> str:
    """The slot of a sweep's epoch."""
    return f"gc/log/{epoch:020d}.json"


def signature_key(digest_hex: str, key_id: str) -> str:
    """The signature of a version by a key."""
    return f"sig/{digest_hex[:2]}/{digest_hex}/{quote(key_id)}.json"


def damaged_key(key: str) -> str:
    """Where fsck moves an object that it cannot heal."""
    return f"damaged/{key}"
