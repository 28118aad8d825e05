"""This machine's copies of what lies far away."""
