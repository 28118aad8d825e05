"""Stores through obstore, behind the extra `[fast]`."""
