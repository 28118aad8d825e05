"""Records that W&B's server would keep: launching, people, reports."""
