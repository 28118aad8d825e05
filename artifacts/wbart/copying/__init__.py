"""Copying versions, with what they come from, from store to store."""
