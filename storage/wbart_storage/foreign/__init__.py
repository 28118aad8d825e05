"""What references lead to, and no store of ours holds."""
