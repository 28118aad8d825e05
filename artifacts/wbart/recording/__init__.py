"""The writing side of a run: what is logged, spooled, recorded and recovered."""
