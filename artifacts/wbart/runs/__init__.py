"""The reading side of runs: one run, pages of runs, their history and files."""
