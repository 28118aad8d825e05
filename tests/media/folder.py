"""A folder as the holder and the source of media objects: an artifact at its plainest."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from wbart.errors import PathNotFound
from wbart.media.value import Held, Origin, WBValue, by_log_type


class Folder:
    """Keeps what objects consist of in files; references as text in `references`."""

    def __init__(self, root: Path, kind: Literal["artifact", "run"] = "artifact") -> None:
        self.root = root
        self.kind: Literal["artifact", "run"] = kind
        self.label = "" if kind == "artifact" else "key_3"
        self.references: dict[str, str] = {}
        self.from_elsewhere: list[str] = []

    def hold_file(self, local: Path | bytes, path: str) -> str:
        data = local if isinstance(local, bytes) else local.read_bytes()
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        assert not target.exists() or target.read_bytes() == data, f"{path} holds other bytes"
        target.write_bytes(data)
        return path

    def held(self, local: Path) -> str | None:
        return None

    def hold_value(self, value: WBValue, name: str) -> Held:
        path = type(value).with_suffix(name)
        data = json.dumps(value.to_json(self), sort_keys=True).encode()
        self.hold_file(data, path)
        return Held(path, b64encode(hashlib.md5(data).digest()).decode())

    def refer(self, uri: str, path: str) -> str:
        self.references[path] = uri
        return path

    def hold_from(self, origin: Origin, path: str) -> str:
        self.from_elsewhere.append(path)
        return path

    def has(self, path: str) -> bool:
        return (self.root / path).exists()

    def local_path(self, path: str) -> Path:
        if not (self.root / path).is_file():
            raise PathNotFound(f"no {path!r}")
        return self.root / path

    def get(self, name: str) -> WBValue | None:
        return self.read(json.loads(self.local_path(name).read_bytes()))

    def read(self, json_obj: dict[str, Any]) -> WBValue:
        kind = by_log_type(json_obj["_type"])
        assert kind is not None, json_obj
        value = kind.from_json(json_obj, self)
        value._origin = Origin(self)
        return value

    def below(self, folder: str) -> Sequence[str]:
        found = (each for each in (self.root / folder).rglob("*") if each.is_file())
        return sorted(each.relative_to(self.root).as_posix() for each in found)
