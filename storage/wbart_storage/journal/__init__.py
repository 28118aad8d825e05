"""What was committed, in order, and how many writers agree on it."""
