"""Mongo-style filters and order strings: one meaning, two ways to run them.

`parse` makes conditions of a filter; `holds` tries them on a row in memory, and is the reference;
`compile_condition` makes SQL of them for SQLite with JSON1. The meaning is told in `condition`.
"""

from wbart.query.condition import Condition
from wbart.query.evaluate import holds
from wbart.query.fields import Column, Document, Schema
from wbart.query.flat import flatten
from wbart.query.order import Order, parse_order
from wbart.query.parse import parse
from wbart.query.sql import compile_condition, compile_order, install, value_of_field

__all__ = [
    "Column",
    "Condition",
    "Document",
    "Order",
    "Schema",
    "compile_condition",
    "compile_order",
    "flatten",
    "holds",
    "install",
    "parse",
    "parse_order",
    "value_of_field",
]
