"""Where objects lie: a folder, memory, and whatever fsspec reaches."""
