"""Stores that hold a store, and do one thing more."""
