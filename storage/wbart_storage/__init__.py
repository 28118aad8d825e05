"""Object stores, journals and blobs, on any storage that fsspec reaches or that is a folder."""
