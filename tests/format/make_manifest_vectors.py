"""Writes fixtures/golden/manifest: python -m tests.format.make_manifest_vectors.

Run it only for a new version of the format, never to make a red test green: what the vectors
say has been written into stores. It must find the wings of the house on PYTHONPATH.
"""

import json
from base64 import b64encode
from pathlib import Path

from tests.manifest.trees import entries_of_every_kind
from xxhash import xxh3_64_intdigest

from wbart_manifest.digest import ALGORITHMS, Digest
from wbart_manifest.entry import Entry
from wbart_manifest.manifest import Manifest
from wbart_manifest.tree import MemoryNodes

FOLDER = Path(__file__).parents[2] / "fixtures" / "golden" / "manifest"

GOOD = [
    *(
        "a",
        "a/b",
        "a b",
        " ",
        "-",
        "~",
        "...",
        ".hidden",
        "a/.b",
        "a..b",
        "a.",
        "COM",
        "日本語/ファイル",
    ),
    *("12:30", "ab:c", "é", "e\u0301", "\u202e", "\ufeff", "\U0010ffff", "a%2e%2e", "~/x"),
]
BAD = [
    *("", "/", "/a", "a/", "a//b", ".", "..", "./a", "../a", "a/.", "a/..", "a/./b", "a/../b"),
    *("a\\b", "\\", "..\\a", "a\0b", "\0", "a\nb", "a\tb", "a\x1fb", "a\x7f", "a\x80", "é\x9f"),
    *(
        "C:",
        "C:a",
        "C:/a",
        "z:x",
        "a/C:/b",
        "a/c:b",
        "x" * 256,
        "é" * 128,
        "/".join(["y" * 100] * 41),
    ),
]
HOPELESS = ["", ".", "./", "/", "/a", "//a", "..", "a/..", "a/../b", "C:a", "a\0", "a\x85"]
CANONICAL = [
    *(("a//b", "a/b"), ("./x", "x"), ("x/", "x"), ("a/./b", "a/b"), (".//a///b/./", "a/b")),
    *(("a", "a"), (".a/..b/c..", ".a/..b/c..")),
]


def many(algorithm: str, count: int) -> list[Entry]:
    """Entries from a rule, so that a large vector needs no large file."""
    paths = sorted(f"d{number % 7}/f{number:05d}.bin" for number in range(count))
    return [Entry(path, len(path), Digest.of(path.encode(), algorithm).raw) for path in paths]


def cases() -> dict[str, list[Entry]]:
    found = {"every kind": entries_of_every_kind()}
    for algorithm in sorted(ALGORITHMS):
        found[f"empty {algorithm}"] = []
        found[f"one {algorithm}"] = many(algorithm, 1)
        found[f"many {algorithm}"] = many(algorithm, 20_000)
    return found


def algorithm_of(name: str) -> str:
    return "sha256" if name.endswith("sha256") else "blake3"


def vector(name: str, entries: list[Entry]) -> dict[str, object]:
    nodes = MemoryNodes()
    manifest = Manifest.build(nodes, entries, algorithm_of(name))
    return {
        "root": manifest.root.id.hex(),
        "level": manifest.root.level,
        "count": manifest.count,
        "size": manifest.size,
        "digest": str(manifest.digest),
        "object": b64encode(nodes.get(manifest.root.id)).decode(),
    }


def boundaries() -> list[list[object]]:
    paths = ["a", "images/0001.png", "日本語", "x" * 300]
    return [
        [path, seed, f"{xxh3_64_intdigest(path.encode(), seed):016x}"]
        for path in paths
        for seed in (1, 2, 3)
    ]


def write(name: str, value: object) -> None:
    text = json.dumps(value, indent=1, ensure_ascii=True) + "\n"
    (FOLDER / name).write_text(text, encoding="utf-8")


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    paths = {"good": GOOD, "bad": BAD, "hopeless": HOPELESS, "canonical": CANONICAL}
    write("paths.json", paths)
    write("boundaries.json", boundaries())
    write("manifests.json", {name: vector(name, entries) for name, entries in cases().items()})


if __name__ == "__main__":
    main()
