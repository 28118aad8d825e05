"""Every byte read again, and what was found."""
