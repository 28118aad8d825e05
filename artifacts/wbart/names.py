"""What things may be called: entities, projects, collections, types, aliases, tags, runs.

Every check returns the name it was given, so that it can stand where the name is used.
A name that is no text at all is an ArgumentTypeInvalid (a TypeError).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Final

from wbart.errors import AliasInvalid, ArgumentTypeInvalid, NameInvalid, TagInvalid

DEFAULT_PROJECT: Final = "uncategorized"
LATEST: Final = "latest"
REGISTRY_PREFIX: Final = "wandb-registry-"
LEGACY_REGISTRY: Final = "model-registry"
LENGTH: Final = 128
"""The most characters a name, a type or an alias may have."""
REGISTRY_LENGTH: Final = LENGTH - len(REGISTRY_PREFIX)

_ARTIFACT = re.compile(r"[a-zA-Z0-9_\-.]+")
_TAG = re.compile(r"[-\w]+(?: +[-\w]+)*")
_VERSION = re.compile(r"v(0|[1-9][0-9]{0,14})")
_LIKE_VERSION = re.compile(r"v[0-9]+")
_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_RUN_LETTERS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


def artifact_name(name: object) -> str:
    """Check the name of an artifact: letters, digits, `_ - .`, at most 128 of them."""
    text = _text(name, "Artifact name")
    if not _ARTIFACT.fullmatch(text):
        raise NameInvalid(
            "Artifact name may only contain alphanumeric characters, dashes, underscores, "
            f"and dots. Invalid name: {text!r}"
        )
    return _fit(text, "Artifact name")


def collection_name(name: object) -> str:
    """Check the name of a collection, wider than an artifact's: blanks inside, any letters.

    What a REF needs for itself (`/ : @ #`) is refused.
    """
    return _plain(name, "Collection name", "/:@#")


def artifact_type(type_: object, name: str | None = None) -> str:
    """Check a type: letters, digits, `_ - .`, and not one that W&B keeps for itself.

    With the artifact's name the pairs that only W&B makes (`code` with `source-…`) are refused.
    """
    text = _text(type_, "Artifact type")
    if not _ARTIFACT.fullmatch(text):
        raise NameInvalid(
            "Artifact types must not contain any of the characters '/', ':', and may only "
            f"contain alphanumeric characters, dashes, underscores, and dots: {text!r}"
        )
    if is_reserved(text, name):
        raise NameInvalid(
            f"Artifact type {text!r} is reserved for internal use. Please use a different type."
        )
    return _fit(text, "Artifact type")


def is_reserved(type_: str, name: str | None = None) -> bool:
    """Whether W&B keeps the type, or the type together with the name, for itself."""
    starts = {"run_table": "run-", "code": "source-"}.get(type_)
    paired = starts is not None and name is not None and name.startswith(starts)
    return type_.startswith("wandb-") or type_ == "job" or paired


def entity(name: object) -> str:
    """Check an entity's name: one path element without `/ \\ # ? % : @`."""
    return _plain(name, "Entity name", "/\\#?%:@")


def project(name: object) -> str:
    """Check a project's name: one path element without `/ \\ # ? % : @`."""
    return _plain(name, "Project name", "/\\#?%:@")


def registry_project(name: str) -> str:
    """The project in which the registry of this name lives."""
    if len(name) > REGISTRY_LENGTH:
        raise NameInvalid(
            f"Invalid project/registry name {name!r}: must be {REGISTRY_LENGTH} characters or less"
        )
    _plain(name, "Invalid project/registry name: it", "/\\#?%:@")
    return REGISTRY_PREFIX + name


def is_registry(project: str) -> bool:
    """Whether the project is a registry, the legacy model registry included."""
    return project == LEGACY_REGISTRY or (
        project.startswith(REGISTRY_PREFIX) and project != REGISTRY_PREFIX
    )


def run_id(id_: object) -> str:
    """Check the id of a run: one path element without `/ \\ # ? % : @`, at most 64 letters."""
    text = _plain(id_, "Run id", "/\\#?%:@")
    if len(text) > 64:
        raise NameInvalid(f"Run id must be 64 characters or less: {text!r}")
    return text


def random_run_id() -> str:
    """Eight random letters and digits."""
    number = int.from_bytes(os.urandom(16), "big")
    return "".join(_RUN_LETTERS[number // 36**place % 36] for place in range(8))


def default_artifact_name(run: str, basename: str) -> str:
    """What a logged path is called when nobody says: `run-<run id>-<basename>`, checked."""
    return artifact_name(f"run-{run}-{basename}")


def version_number(text: str) -> int | None:
    """The number of `v3`; None for what is no version (`v03` is none)."""
    found = _VERSION.fullmatch(text)
    return int(found[1]) if found else None


def aliases(values: object) -> list[str]:
    """Check aliases, one text or many; without repetitions, in the order given."""
    return list(dict.fromkeys(_alias(value) for value in _texts(values, "Aliases")))


def tags(values: object) -> list[str]:
    """Check tags, one text or many; without repetitions, in the order given."""
    found = list(dict.fromkeys(_texts(values, "Tags")))
    bad = [tag for tag in found if not isinstance(tag, str) or not _TAG.fullmatch(tag)]
    if bad:
        raise TagInvalid(
            f"Invalid tag(s). Tags must be words of letters, digits, '-' and '_', "
            f"separated by spaces: {', '.join(map(repr, bad))}"
        )
    return [str(tag) for tag in found]


def _alias(value: object) -> str:
    text = _text(value, "An alias")
    if "/" in text or ":" in text:
        raise AliasInvalid("Aliases must not contain any of the following characters: '/', ':'")
    if _LIKE_VERSION.fullmatch(text):
        raise AliasInvalid(f"An alias must not look like a version: {text!r}")
    if "#" in text or "@{" in text or _CONTROL.search(text):
        raise AliasInvalid(f"An alias must not contain '#', '@{{' or control characters: {text!r}")
    if not text.strip() or len(text) > LENGTH:
        raise AliasInvalid(f"An alias must have 1 to {LENGTH} characters: {text!r}")
    return text


def _texts(values: object, what: str) -> list[object]:
    """One text is a list of one, as W&B takes it."""
    if values is None:
        return []
    if isinstance(values, str):
        return [values]
    if not isinstance(values, Iterable) or isinstance(values, bytes):
        raise ArgumentTypeInvalid(f"{what} must be a list of texts, not {type(values).__name__}")
    return list(values)


def _plain(name: object, what: str, refused: str) -> str:
    text = _text(name, what)
    found = sorted(set(text) & set(refused))
    if found:
        raise NameInvalid(f"{what} must not contain {', '.join(map(repr, found))}: {text!r}")
    if _CONTROL.search(text):
        raise NameInvalid(f"{what} must not contain control characters: {text!r}")
    if text != text.strip():
        raise NameInvalid(f"{what} must not begin or end with a blank: {text!r}")
    return _fit(text, what)


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise ArgumentTypeInvalid(f"{what} must be text, not {type(value).__name__}")
    return value


def _fit(text: str, what: str) -> str:
    """Length, and the two names that a folder cannot have."""
    if not text or text in (".", ".."):
        raise NameInvalid(f"{what} must not be {text!r}")
    if len(text) > LENGTH:
        raise NameInvalid(f"{what} must be {LENGTH} characters or less: {text!r}")
    return text
