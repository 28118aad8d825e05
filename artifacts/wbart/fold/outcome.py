"""What the fold of a collection answers: what was granted, or why the intent was refused.

The answer to an intent is a list with the outcome of each op; or, when one op could not be
granted and so none was, one object `{"error": code, "message": text, "op": index}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wbart.errors import Error, ModelError

Outcome = dict[str, Any]


def refusal(error: Error, index: int) -> Outcome:
    """The answer to an intent whose op of that index could not be granted."""
    return {"error": error.code, "message": str(error), "op": index}


def granted(answer: object) -> list[Outcome]:
    """The outcomes of the ops, in order; raises the error that a refusal stands for."""
    if isinstance(answer, Mapping):
        cls = _CLASSES.get(str(answer.get("error")), ModelError)
        raise cls(str(answer.get("message")))
    if not isinstance(answer, list):
        raise ModelError(f"the journal gave no answer but {type(answer).__name__}")
    return answer


def _below(cls: type[ModelError]) -> Iterator[type[ModelError]]:
    yield cls
    for child in cls.__subclasses__():
        yield from _below(child)


_CLASSES: Mapping[str, type[ModelError]] = {cls.code: cls for cls in _below(ModelError)}
