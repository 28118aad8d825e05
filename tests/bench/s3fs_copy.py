"""Copies a folder to a bucket or from it with plain s3fs, as its manual says."""

import json
import os
import sys


def main() -> None:
    from s3fs import S3FileSystem

    verb, *places = sys.argv[1:]
    fs = S3FileSystem(**json.loads(os.environ["S3FS_OPTIONS"]))
    assert verb in ("put", "get"), verb
    # With a slash at the end of both, the content of one goes into the other.
    getattr(fs, verb)(f"{places[0]}/", f"{places[1]}/", recursive=True)


if __name__ == "__main__":
    main()
