"""How each kind of backend is spoken to through fsspec: buckets, and all else."""
