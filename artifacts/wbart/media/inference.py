"""Which type a value has, and which type a declaration or JSON means: W&B's rules."""

from __future__ import annotations

import sys
from datetime import date, datetime
from enum import Enum
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from wbart.errors import ArgumentTypeInvalid
from wbart.media import dtype
from wbart.media.compoundtype import (
    ConstType,
    ListType,
    NDArrayType,
    TypedDictType,
    UnionType,
)
from wbart.media.dtype import MediaType, PythonObjectType, Type
from wbart.media.tablelink import TableIndex, TableKey
from wbart.media.value import ADDABLE, WBValue

if TYPE_CHECKING:
    from wbart.media.value import Source

NONE: Final = dtype.NoneType()
UNKNOWN: Final = dtype.UnknownType()
ANY: Final = dtype.AnyType()
NUMBER: Final = dtype.NumberType()
STRING: Final = dtype.StringType()
BOOLEAN: Final = dtype.BooleanType()
TIMESTAMP: Final = dtype.TimestampType()
_OF_CLASS: Final[dict[type, Type]] = {
    type(None): NONE,
    bool: BOOLEAN,
    int: NUMBER,
    float: NUMBER,
    str: STRING,
    date: TIMESTAMP,
    datetime: TIMESTAMP,
}
_LISTS = (list, tuple, set, frozenset)
_SIMPLE: Final = (
    NONE,
    UNKNOWN,
    ANY,
    NUMBER,
    STRING,
    BOOLEAN,
    TIMESTAMP,
    dtype.INVALID,
    dtype.ArtifactVersionType(),
)
_HOMES: Final = {
    "classesId": ("wbart.media.classestype", "ClassesIdType"),
    "foreignIndex": ("wbart.media.keytype", "ForeignIndexType"),
    "foreignKey": ("wbart.media.keytype", "ForeignKeyType"),
    "image-file": ("wbart.media.imagetype", "ImageType"),
    "primaryKey": ("wbart.media.keytype", "PrimaryKeyType"),
    "table": ("wbart.media.tabletype", "TableType"),
}
_LEGACY: Final = {
    "dictionary": "typedDict",
    "object": "pythonObject",
    "wandb.Classes_id": "classesId",
    "wandb.Image": "image-file",
    "wandb.Table": "table",
    "wandb.TableForeignIndex": "foreignIndex",
    "wandb.TableForeignKey": "foreignKey",
    "wandb.TablePrimaryKey": "primaryKey",
}


def type_of(value: Any) -> Type:
    """The type of one value."""
    kind = value.__class__
    if (simple := _OF_CLASS.get(kind)) is not None:
        return NONE if kind is float and value != value else simple
    if is_missing(value):
        return NONE
    if "numpy" in sys.modules:
        import numpy

        if isinstance(value, numpy.ndarray):
            return NDArrayType(value.shape)
        if isinstance(value, numpy.generic):
            return _of_scalar(value, numpy)
    if isinstance(value, TableIndex | TableKey):
        return _link_type(value)
    if isinstance(value, WBValue):
        return value.value_type()
    return _of_object(value, kind)


def is_missing(value: Any) -> bool:
    """Whether it counts as None: NaN, and what pandas and numpy have for no value."""
    if value is None:
        return True
    if isinstance(value, float):
        return value != value
    name = type(value).__name__
    if name.startswith("float"):
        return bool(value != value)
    if name in ("NAType", "NaTType"):
        return True
    return name == "datetime64" and str(value) == "NaT"


def type_from_dtype(declared: Any) -> Type:
    """The type that a user declares: a type, a class, a list or dict of these, or a constant."""
    if isinstance(declared, Type):
        return declared
    if isinstance(declared, type):
        return _of_declared_class(declared)
    if isinstance(declared, list):
        if len(declared) > 1:
            return UnionType([type_from_dtype(each) for each in declared])
        return ListType(type_from_dtype(declared[0]) if declared else UNKNOWN)
    if isinstance(declared, dict):
        return TypedDictType({name: type_from_dtype(each) for name, each in declared.items()})
    if isinstance(declared, WBValue):
        return declared.value_type()
    return ConstType(declared)


def optional(inner: Type) -> Type:
    """The type that also holds None."""
    return UnionType([inner, NONE])


def type_from_json(json_obj: Any, source: Source | None = None) -> Type:
    """The type of W&B's JSON. Raises ArgumentTypeInvalid for what is none."""
    name = json_obj.get("wb_type") if isinstance(json_obj, dict) else None
    if not isinstance(name, str):
        raise ArgumentTypeInvalid(f"a type in a table's JSON has no wb_type: {json_obj!r}")
    params = json_obj.get("params") or {}
    read = {key: _read(value, source) for key, value in params.items()}
    found: Type = type_of_name(name)(read, source)
    return found


@cache
def type_of_name(name: str) -> Any:
    """What makes a type of a name of its JSON's params."""
    name = _LEGACY.get(name, name)
    for simple in _SIMPLE:
        if simple.name == name:
            return lambda params, source, simple=simple: simple
    for kind in (ConstType, ListType, NDArrayType, TypedDictType, UnionType, PythonObjectType):
        if kind.name == name:
            return kind.from_params
    if name in _HOMES:
        module, attribute = _HOMES[name]
        return getattr(import_module(module), attribute).from_params
    if name in ADDABLE:
        media = MediaType(name)
        return lambda params, source: media
    raise ArgumentTypeInvalid(f"missing type handler for {name}")


def _read(value: Any, source: Source | None) -> Any:
    if isinstance(value, dict):
        if "wb_type" in value:
            return type_from_json(value, source)
        return {name: _read(item, source) for name, item in value.items()}
    if isinstance(value, list):
        return [_read(item, source) for item in value]
    return value


def _of_scalar(value: Any, numpy: Any) -> Type:
    if isinstance(value, numpy.bool_):
        return BOOLEAN
    if isinstance(value, numpy.number) and not isinstance(value, numpy.timedelta64):
        return NUMBER
    if isinstance(value, numpy.datetime64):
        return TIMESTAMP
    if isinstance(value, str):
        return STRING
    return PythonObjectType(type(value).__name__)


def _of_object(value: Any, kind: type) -> Type:
    if isinstance(value, Enum):
        return PythonObjectType(kind.__name__)
    if isinstance(value, dict):
        return TypedDictType({name: type_of(item) for name, item in value.items()})
    if isinstance(value, _LISTS):
        return ListType.of(value)
    for base in (bool, int, float, str, date):
        if isinstance(value, base):
            return _OF_CLASS[base]
    return PythonObjectType(kind.__name__)


def _link_type(value: TableIndex | TableKey) -> Type:
    from wbart.media.keytype import ForeignIndexType, ForeignKeyType

    if isinstance(value, TableKey):
        return ForeignKeyType(value._table, value._col_name)
    return ForeignIndexType(value._table)


def _of_declared_class(declared: type) -> Type:
    if issubclass(declared, Type):
        return declared()
    if issubclass(declared, WBValue):
        return declared.class_type()
    if declared in _OF_CLASS:
        return _OF_CLASS[declared]
    if declared in _LISTS:
        return ListType(UNKNOWN)
    if declared is dict:
        return TypedDictType({})
    if declared.__module__ == "numpy":
        return _of_numpy_class(declared)
    return PythonObjectType(declared.__name__)


def _of_numpy_class(declared: type) -> Type:
    import numpy

    if issubclass(declared, numpy.bool_):
        return BOOLEAN
    if issubclass(declared, numpy.number):
        return NUMBER
    if issubclass(declared, numpy.datetime64):
        return TIMESTAMP
    # The shape of arrays comes with the first of them.
    return UNKNOWN if issubclass(declared, numpy.ndarray) else PythonObjectType(declared.__name__)
