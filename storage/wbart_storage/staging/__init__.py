"""Bytes on their way into a store: hashed, packed, sent."""
