"""References: entries whose bytes stay where they are."""
