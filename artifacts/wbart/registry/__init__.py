"""Registries: collections that versions are linked into, across projects."""
