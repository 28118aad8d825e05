"""Which run made what from what: edges, walks, and pictures of them."""
