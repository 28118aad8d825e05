"""The index of runs: an SQLite database folded from the store, and the segments it reads."""
