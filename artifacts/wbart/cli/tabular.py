"""Rows as files: CSV, JSON, JSON lines, Parquet. A file is there whole or not at all."""

from __future__ import annotations

import csv
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from wbart.cli.output import encode

if TYPE_CHECKING:
    from collections.abc import Iterator

Row = Mapping[str, Any]
Rows = Callable[[], Iterable[Row]]
"""Gives the same rows each time: CSV needs to see the columns first."""
_BATCH = 10_000
FORMS = ("csv", "json", "jsonl", "parquet")


def form_of(path: str | None, form: str | None, otherwise: str) -> str:
    """The form that was asked for, or that the ending of a path tells."""
    if form is not None:
        return form
    ending = Path(path).suffix.lower().removeprefix(".") if path is not None else ""
    return {"ndjson": "jsonl", "pq": "parquet"}.get(ending, ending or otherwise)


def write(rows: Rows, path: str | None, form: str) -> int:
    """Write rows to a file, or to stdout; how many there were."""
    if form not in FORMS:
        raise click.UsageError(f"cannot write {form!r}: only {', '.join(FORMS)}")
    if form == "parquet":
        return _parquet(rows, path)
    with _target(path) as file:
        return {"csv": _csv, "json": _json, "jsonl": _jsonl}[form](rows, file)


def _csv(rows: Rows, file: IO[str]) -> int:
    columns = list(dict.fromkeys(name for row in rows() for name in row))
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    count = 0
    for row in rows():
        writer.writerow([_cell(row.get(name)) for name in columns])
        count += 1
    return count


def _json(rows: Rows, file: IO[str]) -> int:
    count = 0
    for row in rows():
        file.write(("[" if not count else ",") + encode(row) + "\n")
        count += 1
    file.write("]\n" if count else "[]\n")
    return count


def _jsonl(rows: Rows, file: IO[str]) -> int:
    count = 0
    for row in rows():
        file.write(encode(row) + "\n")
        count += 1
    return count


def _parquet(rows: Rows, path: str | None) -> int:
    """Columns have the one type that all their values have, and else they are text."""
    if path is None:
        raise click.UsageError("parquet goes into a file: -o FILE")
    try:
        pyarrow, parquet = (import_module(name) for name in ("pyarrow", "pyarrow.parquet"))
    except ImportError as error:
        raise click.UsageError("parquet needs pyarrow: pip install pyarrow") from error
    kinds = _kinds(rows())
    types: dict[type | None, Any]
    types = {None: pyarrow.string(), str: pyarrow.string(), bool: pyarrow.bool_()}
    types |= {int: pyarrow.int64(), float: pyarrow.float64()}
    schema = pyarrow.schema([(name, types[kind]) for name, kind in kinds.items()])
    part, count = f"{path}.part", 0
    try:
        with open(part, "wb") as file, parquet.ParquetWriter(file, schema) as writer:
            for batch in _batches(rows()):
                cells = [{name: _typed(row.get(name), kinds[name]) for name in kinds}
                         for row in batch]  # fmt: skip
                writer.write_table(pyarrow.Table.from_pylist(cells, schema))
                count += len(batch)
        os.replace(part, path)
    finally:
        Path(part).unlink(missing_ok=True)
    return count


def _kinds(rows: Iterable[Row]) -> dict[str, type | None]:
    """What each column holds: one of bool, int, float, str; None for nothing at all."""
    found: dict[str, type | None] = {}
    for row in rows:
        for name, value in row.items():
            known, here = found.get(name), _kind(value)
            if known is None or here is None or known is here:
                found[name] = known or here
            else:
                found[name] = float if {known, here} == {int, float} else str
    return found


def _kind(value: object) -> type | None:
    if value is None or isinstance(value, bool | float):
        return None if value is None else type(value)
    return int if isinstance(value, int) and abs(value) < 1 << 63 else str


def _typed(value: object, kind: type | None) -> object:
    if value is None or kind is not str:
        return float(value) if kind is float and isinstance(value, int) else value
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    waiting = iter(rows)
    while batch := list(islice(waiting, _BATCH)):
        yield batch


def _cell(value: object) -> object:
    return "" if value is None else _plain(value)


def _plain(value: object) -> object:
    """What is not one number or text, as JSON."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


@contextmanager
def _target(path: str | None) -> Iterator[IO[str]]:
    if path is None:
        yield sys.stdout
        return
    folder = os.path.dirname(os.path.abspath(path))
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=folder, prefix=".wbart-", delete=False
    ) as file:
        try:
            yield file
            file.close()
            os.chmod(file.name, 0o666 & ~_umask())
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
