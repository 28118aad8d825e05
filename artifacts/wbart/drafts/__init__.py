"""Artifacts while they can be changed, and how they become versions."""
