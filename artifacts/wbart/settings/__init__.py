"""What a user has set, wherever that stands."""
