"""Projects and collections, and what is done with them."""
