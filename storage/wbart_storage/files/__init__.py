"""A user's folders and files: looked through, hashed, written."""
