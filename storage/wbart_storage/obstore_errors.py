"""What obstore says when something went wrong: it keeps all in the text of its exceptions."""

from __future__ import annotations

import re

from wbart_storage.errors import AccessDenied, StorageError, StoreUnavailable

OUT_OF_RANGE = re.compile(r"CONTENT_RANGE|NotSatisfiable|beyond the|starting at|StartTooLarge")
"""What its exceptions say of a range that no byte lies in, where the service gave no 416."""

_STATUS = re.compile(r"Server returned (?:non-2xx status code|error response): (\d{3})")
_CODE = re.compile(r"<Code>\s*(\w+)\s*</Code>|\"reason\":\s*\"(\w+)\"")
_DELETE = re.compile(r"Bulk delete request failed .*\(code: (\w+)\)")
_NETWORK = re.compile(
    r"error sending request|HTTP error: (?!builder)|error decoding response|timed out|onnection|"
    r"dns error|broken pipe|incomplete message|end of file|error reading a body",
    re.IGNORECASE,
)
_CREDENTIALS = re.compile(r"credential|metadata server|token request|instance profile|oauth", re.I)


def speaks(error: BaseException) -> bool:
    """Whether the exception is obstore's, which raises FileNotFoundError for what is missing."""
    module = type(error).__module__.partition(".")[0]
    return module == "obstore" or "Debug source:" in str(error)


def answer(error: BaseException) -> tuple[str, int]:
    """The error code and the HTTP status that the service gave; empty and 0 if it gave none."""
    text = said(error)
    if refused := _DELETE.search(text):
        code = refused[1]
        return ("", int(code)) if code.isdigit() else (code, 0)
    status, code = _STATUS.search(text), _CODE.search(text)
    return (code[1] or code[2]) if code else "", int(status[1]) if status else 0


def kind(error: BaseException) -> type[StorageError] | None:
    """What it means where the service gave no answer: no rights to ask with, or no connection."""
    text = said(error)
    if _CREDENTIALS.search(text):
        return AccessDenied
    return StoreUnavailable if _NETWORK.search(text) else None


def said(error: BaseException) -> str:
    """The message for people, without what is for who debugs obstore."""
    return str(error).partition("Debug source:")[0]
