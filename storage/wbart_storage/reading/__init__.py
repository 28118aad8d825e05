"""Blobs on their way out of a store, every byte checked."""
